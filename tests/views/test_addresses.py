"""Addresses that are put together are those that Django gives."""

import pytest
from django.test.utils import override_script_prefix
from django.urls import reverse

from studyapp.models.codes import new_code
from studyapp.shelf.addresses import url_of_two


@pytest.mark.parametrize("prefix", ["/", "/lab/", "/%7Blab%7D/"])
def test_an_address_of_two_codes_is_djangos(prefix: str) -> None:
    for _ in range(3):
        codes = new_code(), new_code()
        with override_script_prefix(prefix):
            assert url_of_two("picture", *codes) == reverse("picture", args=codes)
