"""What may stand for a panel's id after it was erased."""

from django.conf import settings
from django.utils.crypto import salted_hmac

from studyapp.models import Study

# As it was when the first ones were stored
SALT = "studyapp.participations.recognition"


def id_digests(study: Study, source: str, external_id: str) -> list[str]:
    """What may stand for an id that was erased: by the present key, then by each of before.

    Of one study: the digests of two can't be joined.
    """
    text = f"{study.slug}\n{source}\n{external_id}"
    keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    return [salted_hmac(SALT, text, secret=key, algorithm="sha256").hexdigest() for key in keys]
