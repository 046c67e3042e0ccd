"""Which tests need programs that a developer's machine may lack."""

import shutil

import pytest

PLACES = "/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin"
needs_servers = pytest.mark.skipif(
    None in (shutil.which("nginx", path=PLACES), shutil.which("pgbouncer", path=PLACES)),
    reason="nginx or PgBouncer is missing: install Debian's packages nginx-light and pgbouncer "
    "(make servers)",
)
