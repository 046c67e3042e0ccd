#!/bin/sh
# Writes pgbouncer.ini for the service `pooler` of docker-compose.yml, and the role's password, into the
# folder $1. PostgreSQL is the service `db`, and every service of this network may connect.
set -eu
umask 077
password=$(sed 's/"/""/g' "$DATABASE_PASSWORD_FILE")
milliseconds=$(awk -v s="$LOCK_SECONDS" 'BEGIN { if (s !~ /^[0-9]+([.][0-9]+)?$/) exit 1; printf "%d", s * 1000 }') || {
    echo "LOCK_SECONDS is $LOCK_SECONDS: give it as a number of seconds, such as 10 or 2.5." >&2
    exit 1
}
printf '"discern" "%s"\n' "$password" >"$1/userlist.txt"
sed \
    -e 's|host=127\.0\.0\.1 port=5432|host=db port=5432|' \
    -e "s|lock_timeout = 10000|lock_timeout = $milliseconds|" \
    -e 's|listen_addr = 127\.0\.0\.1|listen_addr = *|' \
    -e "s|/etc/pgbouncer/userlist\\.txt|$1/userlist.txt|" \
    "$(dirname "$0")/pgbouncer.ini" >"$1/pgbouncer.ini"
