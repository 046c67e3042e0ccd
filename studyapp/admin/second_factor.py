"""The login form where TWO_FACTOR is on: name, password, and the code of one's only device."""

from typing import Any

from django_otp import devices_for_user
from django_otp.admin import OTPAdminAuthenticationForm


class SecondFactorForm(OTPAdminAuthenticationForm):  # type: ignore[misc]
    """Everybody has one device, so nobody is asked to choose one."""

    def clean_otp(self, user: Any) -> None:
        device = next(iter(devices_for_user(user)), None) if user is not None else None
        self.cleaned_data["otp_device"] = device.persistent_id if device is not None else ""
        super().clean_otp(user)
