"""`python -m studyapp.serving.healthcheck site|worker [--alive]`: what containers ask every few
seconds.

It needs none of Django's applications, so that asking costs a tenth of a second and goes on
working when the machine is busy. With --alive, a process is well while only its database is not:
an orchestrator that restarted every process then would add a second outage to the first.
"""

import http.client
import os
import socket
import sys
from contextlib import closing

SEEN = """
SELECT worker, doing FROM studyapp_heartbeat
WHERE left(worker, %s) = %s AND seen_at BETWEEN now() - interval '1 minute'
AND now() + interval '1 minute'
"""


class Unwell(Exception):
    """What is wrong, in one sentence."""


class DependencyUnwell(Unwell):
    """The process answers; what it stands on does not."""


def site() -> str:
    """The site's own account of itself, asked as its proxy would; Unwell where it is none."""
    port = int(os.environ.get("BIND", "127.0.0.1:8000").rpartition(":")[2])
    host = os.environ.get("ALLOWED_HOSTS", "localhost").split(",")[0].strip().lstrip(".")
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=4)
    try:
        with closing(connection):
            connection.request("GET", "/healthz", headers={"Host": host})
            reply = connection.getresponse()
            words = reply.read().decode("utf-8", errors="replace")
    except (OSError, http.client.HTTPException) as error:
        raise Unwell(f"the site does not answer at 127.0.0.1:{port}: {error}") from error
    if reply.status != 200:
        told = f"the site reports a problem ({reply.status}): {words[:200]}"
        raise DependencyUnwell(told) if reply.status == 503 else Unwell(told)
    return words


def worker() -> str:
    """What the worker on this machine does; Unwell where none was heard of in the last minute."""
    import psycopg2

    from studyapp.settings import DATABASE_URL

    name = f"{socket.gethostname()}/"
    try:
        database = psycopg2.connect(DATABASE_URL, connect_timeout=4)
        with closing(database), database.cursor() as cursor:
            cursor.execute(SEEN, [len(name), name])
            found = cursor.fetchone()
    except psycopg2.Error as error:
        raise DependencyUnwell(f"the database does not answer: {error}") from error
    if found is None:
        raise Unwell("no worker on this machine has reported in the last minute")
    return f"{found[0]}: {found[1] or 'waiting'}"


def main(arguments: list[str]) -> int:
    what, *more = arguments or [""]
    if what not in ("site", "worker") or more not in ([], ["--alive"]):
        sys.stderr.write("name site or worker, and after it nothing or --alive\n")
        return 2
    try:
        sys.stdout.write(f"{site() if what == 'site' else worker()}\n")
    except Unwell as error:
        sys.stderr.write(f"{error}\n")
        return 0 if more and isinstance(error, DependencyUnwell) else 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
