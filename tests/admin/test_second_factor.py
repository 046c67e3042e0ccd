"""With TWO_FACTOR on, nobody reaches the desk without the code of an authenticator app."""

import os
import sys
from pathlib import Path

from tests.running import python

ROOT = Path(__file__).resolve().parent.parent.parent
# A site of its own: the setting changes which apps there are.
SCRIPT = """
import re
import django
django.setup()
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
import io
call_command("migrate", verbosity=0)
User.objects.create_superuser("anna", password="long enough to pass")
told = io.StringIO()
call_command("second_factor", "anna", stdout=told)
from django_otp.plugins.otp_totp.models import TOTPDevice
from django_otp.oath import TOTP
device = TOTPDevice.objects.get()
assert "otpauth://totp/Discern" in told.getvalue(), told.getvalue()
client = Client(headers={"host": "localhost"})
data = {"username": "anna", "password": "long enough to pass", "next": "/admin/"}

def code():
    return f"{TOTP(device.bin_key).token():06d}"

def sees_the_desk():
    return client.get("/admin/").status_code == 200

assert "authenticator app" in client.get("/admin/login/").content.decode()
client.post("/admin/login/", data)
assert not sees_the_desk(), "without a code"
client.post("/admin/login/", {**data, "otp_token": f"{(int(code()) + 1) % 10**6:06d}"})
assert not sees_the_desk(), "with a wrong code"
client.force_login(User.objects.get())
assert not sees_the_desk(), "with the password alone"
TOTPDevice.objects.update(throttling_failure_count=0)
client = Client(headers={"host": "localhost"})
reply = client.post("/admin/login/", {**data, "otp_token": code()})
assert sees_the_desk(), reply.content.decode()[:2000]
print("all well")
"""


def test_the_desk_asks_for_the_second_factor_where_it_is_turned_on() -> None:
    kept = {"PATH", "HOME", "POSTGRES_BIN", "LANG"}
    environment = {name: value for name, value in os.environ.items() if name in kept}
    scratch = ("-m", "sandbox.scratch", sys.executable, "-c", SCRIPT)
    done = python(*scratch, env={**environment, "TWO_FACTOR": "1"})
    assert "all well" in done.stdout, done.stderr[-3000:]
