"""`manage.py second_factor USER`: the secret for an authenticator app, where TWO_FACTOR is on."""

from argparse import ArgumentParser
from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError


class Command(BaseCommand):
    help = "Give a user a second factor; an earlier one is removed."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.TWO_FACTOR:
            raise CommandError("TWO_FACTOR is off: set TWO_FACTOR=1 and run `manage.py migrate`")
        user = get_user_model().objects.filter(username=options["username"]).first()
        if user is None:
            raise CommandError(f"there is no user {options['username']}")
        devices: Any = apps.get_model("otp_totp.TOTPDevice")._default_manager  # type: ignore[misc]
        devices.filter(user=user).delete()
        device = devices.create(user=user, name="authenticator")
        self.stdout.write("Put this address into an authenticator app, and show it to nobody:")
        self.stdout.write(device.config_url)
