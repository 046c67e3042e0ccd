"""Django's settings, from the environment only; they import with SECRET_KEY alone.

A wrong deployment is told by the numbered system checks in `studyapp.serving.checks`, not here.
"""

import os
from pathlib import Path
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

from studyapp.folders import locale_folders, page_folders, static_folders

ROOT = Path(__file__).resolve().parent.parent


def env_text(name: str, default: str) -> str:
    return os.environ.get(name, default)


def env_flag(name: str, default: bool) -> bool:
    return os.environ.get(name, str(default)).lower() in {"1", "true", "yes", "on"}


def env_number(name: str, default: int) -> int:
    return int(env_text(name, str(default)))


def env_list(name: str, default: str) -> list[str]:
    return [part.strip() for part in env_text(name, default).split(",") if part.strip()]


def env_secret(name: str) -> str:
    """NAME itself, else what stands in the file that NAME_FILE names; "" where neither is set."""
    if name in os.environ or f"{name}_FILE" not in os.environ:
        return os.environ.get(name, "")
    return Path(os.environ[f"{name}_FILE"]).read_text(encoding="utf-8").strip()


def with_password(url: str, password: str) -> str:
    """`url` with `password` where it has none of its own."""
    parts = urlsplit(url)
    if not password or parts.password is not None:
        return url
    user, _, place = parts.netloc.rpartition("@")
    return parts._replace(netloc=f"{user}:{quote(password, safe='')}@{place}").geturl()


def database_from_url(url: str, *, pooled: bool = False) -> dict[str, object]:
    """Django's settings for `postgresql://user:password@host:port/name`; `pooled`: it is that of
    a pooler which lends a connection for one transaction."""
    parts = urlsplit(url)
    return {
        "ENGINE": "studyapp.shelf.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or ""),
        "PORT": str(parts.port or ""),
        # A server that is stopped takes the call and never answers.
        "OPTIONS": {"connect_timeout": 3},
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        # A cursor of the server's outlives a transaction, and with it the loan.
        "DISABLE_SERVER_SIDE_CURSORS": pooled,
    }


def storage_from_url(url: str, access_key: str, secret_key: str) -> dict[str, object]:
    """Django's settings for `s3://bucket/folder?endpoint=https://host&region=name`; the local
    folder without one."""
    if not url:
        return {
            "BACKEND": "studyapp.storage.local.LocalFiles",
            "OPTIONS": {"allow_overwrite": True},
        }
    parts = urlsplit(url)
    asked = dict(parse_qsl(parts.query))
    return {
        "BACKEND": "studyapp.storage.s3.S3Files",
        "OPTIONS": {
            "bucket_name": parts.netloc,
            "location": parts.path.strip("/"),
            "endpoint_url": asked.get("endpoint"),
            "region_name": asked.get("region"),
            "access_key": access_key or None,
            "secret_key": secret_key or None,
        },
    }


SECRET_KEY = env_secret("SECRET_KEY")
if not SECRET_KEY:
    raise ImproperlyConfigured("SECRET_KEY is missing: set it, or SECRET_KEY_FILE")
# Keys that signed before, one a line or with spaces between: what they signed still holds.
SECRET_KEY_FALLBACKS = env_secret("SECRET_KEY_FALLBACKS").split()
DEBUG = env_flag("DEBUG", False)
ALLOWED_HOSTS = env_list("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = env_list("CSRF_TRUSTED_ORIGINS", "")

VAR = Path(env_text("DISCERN_VAR", str(ROOT / "var")))
DATABASE_URL = with_password(
    env_text("DATABASE_URL", "postgresql://discern@127.0.0.1:5432/discern"),
    env_secret("DATABASE_PASSWORD"),
)
# The folder of pg_dump and pg_restore, where those on the PATH are older than the server.
POSTGRES_BIN = env_text("POSTGRES_BIN", "")
REDIS_URL = with_password(
    env_text("REDIS_URL", "redis://127.0.0.1:6379/0"), env_secret("REDIS_PASSWORD")
)
DATABASES = {"default": database_from_url(DATABASE_URL, pooled=env_flag("DATABASE_POOLED", False))}

INSTALLED_APPS = [
    # First, so that its templates come before the admin's own.
    "studyapp.apps.StudyappConfig",
    "studyapp.apps.DeskConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "studyapp.shelf.static_version.FilesOfOneVersion",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "studyapp.shelf.headers.ContentSecurityPolicy",
]
# The desk asks for a code of an authenticator app too. `manage.py second_factor USER` gives one.
TWO_FACTOR = env_flag("TWO_FACTOR", False)
OTP_TOTP_ISSUER = "Discern"
if TWO_FACTOR:
    INSTALLED_APPS.extend(["django_otp", "django_otp.plugins.otp_totp"])
    MIDDLEWARE.insert(
        MIDDLEWARE.index("django.contrib.auth.middleware.AuthenticationMiddleware") + 1,
        "django_otp.middleware.OTPMiddleware",
    )
# Where Prometheus reads the site's metrics (host:port), beside the address of the site itself
METRICS_BIND = env_text("METRICS_BIND", "")
if METRICS_BIND:
    MIDDLEWARE.insert(0, "studyapp.serving.metrics.Measured")
# Where traces go (OpenTelemetry's OTLP over HTTP), and errors (a server of Sentry's kind)
OTEL_EXPORTER_OTLP_ENDPOINT = env_text("OTEL_EXPORTER_OTLP_ENDPOINT", "")
if OTEL_EXPORTER_OTLP_ENDPOINT:
    MIDDLEWARE.insert(0, "studyapp.serving.tracing.Traced")
SENTRY_DSN = env_text("SENTRY_DSN", "")
# The kinds of questions, a folder each. A new one is one more line.
PARADIGMS = [
    "studyapp.paradigms.trust",
    "studyapp.paradigms.discrimination",
    "studyapp.paradigms.agreement",
    "studyapp.paradigms.which_answer",
    "studyapp.paradigms.distinction",
    "studyapp.paradigms.meta_prediction",
    "studyapp.paradigms.reliance",
    "studyapp.paradigms.pointing",
    "studyapp.paradigms.marking",
    "studyapp.paradigms.rating",
    "studyapp.paradigms.comparison",
    "studyapp.paradigms.ranking",
    "studyapp.paradigms.questionnaire",
    "studyapp.paradigms.open_text",
    "studyapp.paradigms.sight",
    "studyapp.paradigms.custom",
]
ROOT_URLCONF = "studyapp.urls"
WSGI_APPLICATION = "studyapp.wsgi.application"
TEMPLATES = [
    # The desk's pages and the reports
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
            "libraries": {"page_parts": "studyapp.admin.page_parts"},
        },
    },
    # Participants' pages: in the folder jinja2, and each paradigm's in its own
    {
        "NAME": "pages",
        "BACKEND": "django.template.backends.jinja2.Jinja2",
        "DIRS": page_folders(PARADIGMS),
        "APP_DIRS": True,
        "OPTIONS": {"environment": "studyapp.shelf.templates.environment"},
    },
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

LANGUAGE_CODE = "en"
# What participants' pages may speak, each by its own name. A language is offered once all of its
# catalogues are complete (studyapp/shelf/languages.py); `pt` is European Portuguese.
LANGUAGES = [
    ("en", "English"),
    ("de", "Deutsch"),
    ("fr", "Français"),
    ("es", "Español"),
    ("pt", "Português"),
    ("it", "Italiano"),
    ("nl", "Nederlands"),
    ("pl", "Polski"),
    ("tr", "Türkçe"),
    ("ar", "العربية"),
    ("he", "עברית"),
    ("zh-hans", "简体中文"),
    ("ja", "日本語"),
]
LOCALE_PATHS = [ROOT / "studyapp" / "locale", *locale_folders(PARADIGMS)]
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True

LOGIN_URL, LOGIN_REDIRECT_URL = "admin:login", "admin:index"

STATIC_URL = "/static/"
STATICFILES_DIRS = static_folders(PARADIGMS)
# Where matplotlib, which draws the reports' figures, keeps what it knows of the machine's letters
os.environ.setdefault("MPLCONFIGDIR", str(VAR / "matplotlib"))
STATIC_ROOT = Path(env_text("DISCERN_STATIC", str(VAR / "static")))
# Photos, maps and overlays: private files, served only by views that check who asks.
MEDIA_ROOT = Path(env_text("DISCERN_MEDIA", str(VAR / "media")))
# Where they lie instead: a bucket of S3's kind, with its keys, or the keys that the machine has.
STORAGE_URL = env_text("STORAGE_URL", "")
S3_ACCESS_KEY, S3_SECRET_KEY = env_secret("S3_ACCESS_KEY"), env_secret("S3_SECRET_KEY")
# Copies of pictures as people get them: they are made when they are missing, never backed up.
SHOWN_ROOT = Path(env_text("DISCERN_SHOWN", str(VAR / "shown")))
# The proxy's internal address of that folder, where the proxy sends what is in it ("/shown/").
SHOWN_URL = env_text("SHOWN_URL", "")
STORAGES = {
    "default": storage_from_url(STORAGE_URL, S3_ACCESS_KEY, S3_SECRET_KEY),
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# HTTPS is the default; a demo on loopback turns it off by name.
HTTPS = env_flag("HTTPS", True)
SECURE_SSL_REDIRECT = HTTPS
# What looks after the processes asks them directly, without the proxy that ends HTTPS.
SECURE_REDIRECT_EXEMPT = [r"^healthz$"]
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SECURE = HTTPS
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "studyapp.views.failures.no_cookie"
# Whether a request came over HTTPS says gunicorn, which believes X-Forwarded-Proto only of the
# proxy (PROXY_ADDRESSES); the header itself anybody can send.
SECURE_PROXY_SSL_HEADER = None
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
# Preloading binds every name under a domain for years: the domain's owner decides, not this file.
SILENCED_SYSTEM_CHECKS = ["security.W021"]
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

# Signs what Prolific reports; without it the address for its reports is not there.
PROLIFIC_WEBHOOK_SECRET = env_secret("PROLIFIC_WEBHOOK_SECRET")
# Called with a researcher's own token alone
PROLIFIC_API = "https://api.prolific.com/api/v1"

# A late-acknowledged message comes back after this many seconds: longer than the longest task.
LONGEST_TASK_SECONDS = env_number("LONGEST_TASK_SECONDS", 3600)
# A worker renews its claims with every heartbeat, so those of a dead one run out after this time.
CLAIM_SECONDS = env_number("CLAIM_SECONDS", 60)
BEAT_SECONDS = env_number("BEAT_SECONDS", 10)
MOST_ATTEMPTS = 3
# How long a request may wait for a database that answers nobody, and for another's lock
DATABASE_SECONDS = env_number("DATABASE_SECONDS", 3)
LOCK_SECONDS = env_number("LOCK_SECONDS", 10)
# What this machine's workers compute on: "auto" is a card where there is one.
WORKER_DEVICE = env_text("WORKER_DEVICE", "auto")
# In which type they compute maps: the same for all workers, as maps of two types differ.
WORKER_PRECISION = env_text("WORKER_PRECISION", "float32")
# The functions that study files may have make networks: package.module:function, …
NETWORK_FACTORIES = env_list("NETWORK_FACTORIES", "")

# So many days from its close a study's panel ids are kept, if it declares no day to erase them.
PANEL_ID_DAYS = env_number("PANEL_ID_DAYS", 90)

# The public keys (a JSON Web Key Set) of programs that sign their requests, for evidence of them
WEB_BOT_AUTH_DIRECTORY = env_text("WEB_BOT_AUTH_DIRECTORY", "")

# One JSON object a line on standard error; `studyapp.shelf.logs` keeps names and queries out of it.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "studyapp.shelf.logs.JsonFormatter"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {
        **{name: {"level": "INFO"} for name in ("studyapp", "tasks", "celery")},
        # Without its own handlers, which mail and print in another format.
        "django": {"handlers": [], "level": "INFO"},
        "django.server": {"handlers": [], "level": "INFO", "propagate": True},
    },
}
