# Two images of one checkout: `web` without torch, `worker` with it.
#
#   docker build --target web -t discern-web .
#   docker build --target worker -t discern-worker .
FROM python:3.11-slim-bookworm AS base
ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 DJANGO_SETTINGS_MODULE=studyapp.settings \
    DISCERN_VAR=/data DISCERN_MEDIA=/data/media OMP_NUM_THREADS=1
# A user of its own; what it may write is /data, and /work for what is being made.
RUN useradd --system --uid 10001 --home-dir /app discern \
    && install -d -o discern -g discern /data /data/media /work /backups
ENV TMPDIR=/work
WORKDIR /app
# `--build-arg TRACES=1` brings OpenTelemetry
ARG TRACES=0
COPY requirements/traces.lock /opt/traces.lock
RUN [ "$TRACES" = 0 ] || pip install --require-hashes --no-deps -r /opt/traces.lock

FROM base AS web
# For `manage.py backup` and `restore`: of the same version as docker-compose.yml's server.
RUN apt-get update && apt-get install -y --no-install-recommends postgresql-client-15 \
    && rm -rf /var/lib/apt/lists/*
COPY requirements/web.lock requirements/web.lock
RUN pip install --require-hashes --no-deps -r requirements/web.lock
COPY manage.py gunicorn.conf.py ./
COPY studyapp studyapp
COPY photos photos
# The ready studies that a new one may start from
COPY fixtures/studies fixtures/studies
# Collected into the image: the file system is read-only where it runs.
ENV DISCERN_STATIC=/app/static
RUN SECRET_KEY=for-collecting-only python manage.py collectstatic --noinput
USER discern
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-m", "studyapp.serving.healthcheck", "site"]
CMD ["gunicorn", "studyapp.wsgi"]

FROM base AS worker
# `--build-arg LOCK=demo` brings the packages that ready studies are made of, too
ARG LOCK=worker
COPY requirements/${LOCK}.lock requirements/worker.lock
RUN pip install --require-hashes --no-deps -r requirements/worker.lock
COPY manage.py gunicorn.conf.py ./
COPY studyapp studyapp
COPY photos photos
COPY explainer explainer
COPY ready ready
COPY tasks tasks
# The ready studies that it makes
COPY fixtures/studies fixtures/studies
USER discern
HEALTHCHECK --interval=30s --timeout=20s --start-period=60s --retries=3 \
    CMD ["python", "-m", "studyapp.serving.healthcheck", "worker"]
CMD ["celery", "-A", "tasks", "worker", "--pool", "solo", "-Q", "gpu,cpu,measure"]
