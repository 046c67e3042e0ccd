#!/bin/sh
# discern.conf for the service `proxy` of docker-compose.yml, on standard output: the first name of
# ALLOWED_HOSTS, the one web service (which sends its static files itself), the certificate in
# /etc/nginx/tls, and the logs where Docker reads them.
set -eu
name=${ALLOWED_HOSTS%%,*}
[ "$name" != localhost ] || { echo "Set ALLOWED_HOSTS to the site's name." >&2; exit 1; }
sed \
    -e 's|/etc/letsencrypt/live/studies\.example\.org/|/etc/nginx/tls/|' \
    -e "s|studies\\.example\\.org|$name|g" \
    -e 's|server 127\.0\.0\.1:8001 |server web:8000 |' \
    -e '/server 127\.0\.0\.1:800[23] /d' \
    -e 's|/var/log/nginx/discern-error\.log|/dev/stderr|' \
    -e 's|/var/log/nginx/discern\.log|/dev/stdout|' \
    -e '/collectstatic. fills it; DISCERN_STATIC/d' \
    -e '/location \/static\/ {/,/^    }/d' \
    "$(dirname "$0")/discern.conf"
