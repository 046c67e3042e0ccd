"""A wrong deployment is told by number and hint, and does not start."""

import os
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.checks import CheckMessage
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from pytest_django import Settings

from studyapp.serving import checks
from studyapp.settings import database_from_url
from tests.running import python

GOOD_KEY = "k3J-9xQ_zR7vT2mW5bN8cL1fH4gD6sA0pY-uE_iO3jKqX7r"
KEY = f"{GOOD_KEY}{GOOD_KEY}"


def only(found: list[CheckMessage]) -> str:
    assert len(found) == 1
    assert found[0].hint
    return str(found[0].id)


@pytest.fixture(autouse=True)
def _a_right_deployment(settings: Settings, tmp_path: Path) -> None:
    settings.SECRET_KEY = KEY
    settings.ALLOWED_HOSTS = ["studies.example.org"]
    settings.DEBUG, settings.HTTPS = False, True
    settings.CSRF_TRUSTED_ORIGINS = ["https://studies.example.org"]
    settings.DATABASE_URL = "postgresql://discern:long-and-random-1@db:5432/discern"
    settings.REDIS_URL = "redis://:long-and-random-2@broker:6379/0"
    settings.VAR, settings.MEDIA_ROOT = tmp_path, tmp_path / "media"
    settings.STATIC_ROOT = tmp_path / "static"
    (tmp_path / "static" / "studyapp").mkdir(parents=True)


def test_a_right_deployment_is_told_nothing() -> None:
    assert [one for check in checks.ALWAYS for one in check()] == []
    assert checks.check_static_files() == []


@pytest.mark.parametrize("key", ["short", "a" * 80, f"django-insecure-{KEY}", f"CHANGEME-{KEY}"])
def test_a_default_or_short_secret_key_is_refused(key: str, settings: Settings) -> None:
    settings.SECRET_KEY = key
    assert only(checks.check_secret_key()) == "studyapp.E001"


def test_a_former_key_that_is_short_is_refused_too(settings: Settings) -> None:
    settings.SECRET_KEY_FALLBACKS = [KEY, "short"]
    assert only(checks.check_secret_key()) == "studyapp.E001"


def test_debug_on_a_public_host_is_refused_and_on_loopback_allowed(settings: Settings) -> None:
    settings.DEBUG = True
    assert only(checks.check_debug()) == "studyapp.E002"
    settings.ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]"]
    assert checks.check_debug() == []


def test_a_site_that_answers_to_every_name_is_refused(settings: Settings) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    assert only(checks.check_hosts()) == "studyapp.E003"


@pytest.mark.parametrize("url", ["sqlite:///db.sqlite3", "mysql://u:p@h/d", "postgresql://h/"])
def test_a_database_that_is_not_postgresql_is_refused(url: str, settings: Settings) -> None:
    settings.DATABASE_URL = url
    assert only(checks.check_database_kind()) == "studyapp.E004"


@pytest.mark.parametrize("url", ["amqp://guest@broker//", "redis://", "broker:6379"])
def test_a_broker_that_is_no_redis_is_refused(url: str, settings: Settings) -> None:
    settings.REDIS_URL = url
    assert only(checks.check_broker_kind()) == "studyapp.E005"


@pytest.mark.parametrize("password", ["", "discern", "changeme", "postgres"])
def test_a_servers_default_password_on_a_public_site_is_refused(
    password: str, settings: Settings
) -> None:
    settings.DATABASE_URL = f"postgresql://discern:{password}@db:5432/discern"
    assert only(checks.check_passwords()) == "studyapp.E006"
    settings.ALLOWED_HOSTS = ["localhost"]
    assert checks.check_passwords() == []


def test_a_folder_that_is_a_file_is_refused(settings: Settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "file"
    settings.MEDIA_ROOT.write_text("")
    assert only(checks.check_folders()) == "studyapp.E007"


@pytest.fixture
def nobody() -> Iterator[None]:
    """Not root for a while: root may write everywhere."""
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)
    yield
    os.seteuid(user)


@pytest.mark.usefixtures("nobody")
def test_a_folder_that_cant_be_written_is_refused(settings: Settings) -> None:
    settings.VAR = Path("/tmp")
    settings.MEDIA_ROOT = Path("/usr/media")
    assert only(checks.check_folders()) == "studyapp.E007"


def test_static_files_that_are_not_collected_are_told(settings: Settings, tmp_path: Path) -> None:
    settings.STATIC_ROOT = tmp_path / "elsewhere"
    assert only(checks.check_static_files()) == "studyapp.W008"


def test_plain_http_on_a_public_host_is_refused(settings: Settings) -> None:
    settings.HTTPS = False
    assert only(checks.check_https()) == "studyapp.E009"


def test_a_trusted_origin_without_https_is_refused(settings: Settings) -> None:
    settings.CSRF_TRUSTED_ORIGINS = ["http://studies.example.org"]
    assert only(checks.check_trusted_origins()) == "studyapp.E010"


@pytest.mark.django_db
@pytest.mark.parametrize(("name", "password"), [("admin", "admin"), ("anna", "anna")])
def test_an_account_with_a_default_password_is_refused(name: str, password: str) -> None:
    User.objects.create_superuser(name, password=password)
    assert only(checks.check_admin_passwords(databases=["default"])) == "studyapp.E011"


@pytest.mark.django_db
def test_an_account_with_a_password_of_its_own_is_told_nothing() -> None:
    User.objects.create_superuser("admin", password="ferrous-otter-71-lamp")
    assert checks.check_admin_passwords(databases=["default"]) == []


@pytest.mark.django_db
def test_the_checks_are_registered_where_django_runs_them(settings: Settings) -> None:
    settings.DEBUG = True
    with pytest.raises(SystemCheckError, match="E002"):
        call_command("check", stdout=StringIO(), stderr=StringIO())


@pytest.mark.parametrize("module", ["studyapp.wsgi", "tasks"])
def test_neither_site_nor_worker_starts_with_a_wrong_deployment(module: str) -> None:
    done = python("-c", f"import {module}", env={**os.environ, "SECRET_KEY": "short"})
    assert done.returncode != 0
    assert "studyapp.E001" in done.stderr


@pytest.mark.parametrize(
    "url",
    [
        "bucket", "https://bucket", "s3:///files", "s3://b?endpoint=minio:9000", "s3://b?key=secret",
        "s3://b?endpoint=http://my_minio:9000", "s3://b?endpoint=http://minio:port",
        "s3://b?endpoint=http://[minio",
    ],
)  # fmt: skip
def test_a_storage_that_names_no_bucket_is_refused(url: str, settings: Settings) -> None:
    settings.STORAGE_URL = url
    assert only(checks.check_storage()) == "studyapp.E012"


def test_the_site_opens_its_bucket_before_people_come() -> None:
    """Otherwise the first pictures wait for it."""
    code = (
        "import studyapp.wsgi\n"
        "from django.core.files.storage import default_storage\n"
        "print(type(vars(default_storage)['_wrapped']).__name__)"
    )
    bucket = {"STORAGE_URL": "s3://bucket?endpoint=http://127.0.0.1:9&region=here"}
    keys = {"S3_ACCESS_KEY": "a-key", "S3_SECRET_KEY": "its-secret"}
    done = python("-c", code, env={**os.environ, **bucket, **keys})
    assert done.stdout == "S3Files\n", done.stderr


def test_half_of_the_keys_to_a_bucket_are_refused(settings: Settings) -> None:
    settings.STORAGE_URL = "s3://bucket/files?endpoint=http://minio:9000&region=here"
    settings.S3_ACCESS_KEY = "a-key"
    assert only(checks.check_storage()) == "studyapp.E012"
    settings.S3_SECRET_KEY = "its-secret"
    assert checks.check_storage() == []


def test_the_local_folder_need_not_be_there_where_files_lie_in_a_bucket(
    settings: Settings, tmp_path: Path
) -> None:
    settings.MEDIA_ROOT = tmp_path / "file"
    settings.MEDIA_ROOT.write_text("")
    settings.STORAGE_URL = "s3://bucket"
    assert checks.check_folders() == []


@pytest.mark.parametrize("pooled", [True, False])
def test_no_cursor_outlives_a_transaction_behind_a_pooler(pooled: bool) -> None:
    found = database_from_url("postgresql://discern:secret@db:6432/discern", pooled=pooled)
    assert found["DISABLE_SERVER_SIDE_CURSORS"] is pooled
    assert (found["HOST"], found["PORT"], found["USER"]) == ("db", "6432", "discern")


@pytest.mark.parametrize("name", ["my_lab.networks", "my_lab.networks:", "my lab:vit", "a:b:c"])
def test_a_factory_that_names_no_function_is_refused(name: str, settings: Settings) -> None:
    settings.NETWORK_FACTORIES = ["my_lab.networks:vit", name]
    assert only(checks.check_factories()) == "studyapp.E013"
    settings.NETWORK_FACTORIES = ["my_lab.networks:vit", "top:net"]
    assert checks.check_factories() == []


@pytest.mark.parametrize("place", ["9464", "127.0.0.1:", "localhost:metrics", "0.0.0.0:8000"])
def test_metrics_without_a_port_or_at_the_sites_own_are_refused(
    place: str, settings: Settings
) -> None:
    settings.METRICS_BIND = place
    assert only(checks.check_metrics_bind()) == "studyapp.E015"
    settings.METRICS_BIND = "0.0.0.0:9464"
    assert checks.check_metrics_bind() == []


@pytest.mark.parametrize("url", ["collector:4318", "grpc://collector:4317", "http://"])
def test_a_receiver_of_traces_that_is_none_is_refused(url: str, settings: Settings) -> None:
    settings.OTEL_EXPORTER_OTLP_ENDPOINT = url
    assert only(checks.check_traces()) == "studyapp.E016"
    settings.OTEL_EXPORTER_OTLP_ENDPOINT = "http://collector:4318"
    assert checks.check_traces() == []


def test_traces_without_the_packages_for_them_are_refused() -> None:
    """Where they are not installed; in Django's settings the middleware is not there then."""
    code = "import sys; sys.modules['opentelemetry'] = None\nimport studyapp.wsgi"
    given = {**os.environ, "OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318"}
    done = python("-c", code, env=given)
    assert "studyapp.E016" in done.stderr
    assert "requirements/traces.lock" in done.stderr


@pytest.mark.parametrize(
    "dsn", ["errors.example.org", "https://errors.example.org/1", "https://k@e/"]
)
def test_a_dsn_that_is_none_is_refused(dsn: str, settings: Settings) -> None:
    settings.SENTRY_DSN = dsn
    assert only(checks.check_error_reports()) == "studyapp.E017"
    settings.SENTRY_DSN = "https://key@errors.example.org/12"
    assert checks.check_error_reports() == []
