"""The set-up of many machines, on one: three gunicorns behind nginx, PgBouncer, and a bucket."""

import http.client
import sys
from collections.abc import Callable
from functools import cached_property, partial
from pathlib import Path
from ssl import SSLContext
from urllib.parse import urlsplit

from sandbox.nginx import Front, find_nginx, listens, make_front
from sandbox.pgbouncer import start_pgbouncer
from sandbox.processes import Child, start, wait_until_ready

from .stack import SECONDS, Stack, steady_port

BUCKET = "discern"
KEYS = {"S3_ACCESS_KEY": "a-key", "S3_SECRET_KEY": "its-secret"}
# What can be killed of the bucket: its server keeps the objects in memory alone.
DOOR = """\
{user}daemon off;
pid {folder}/pid;
error_log stderr crit;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/unused;
    uwsgi_temp_path {folder}/unused;
    scgi_temp_path {folder}/unused;
    server {{
        listen 127.0.0.1:{port};
        client_max_body_size 0;
        location / {{
            proxy_pass http://127.0.0.1:{behind};
            proxy_set_header Host $http_host;
        }}
    }}
}}
"""


class ManyStack(Stack):
    """Three web processes, as on three machines, and two workers. People come by nginx with TLS,
    the database is behind PgBouncer, and files lie in a bucket of moto's."""

    webs = ("site-1", "site-2", "site-3")
    workers = ("worker-1", "worker-2")
    web_workers = 1

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.ports |= {name: steady_port() for name in ("pooler", "https", "http", "bucket", "s3")}
        self.start_pooler()
        self.front: Front = make_front(
            folder / "nginx", https=self.ports["https"], http=self.ports["http"]
        )
        self.front.fill_in([self.ports[name] for name in self.webs], folder / "var")
        self.start_nginx()
        self._start_s3()
        self.start_bucket()
        self._make_bucket()
        for name in self.webs:
            (folder / name / "static").mkdir(parents=True)

    def start_pooler(self) -> None:
        self.children["pooler"], self.pooled = start_pgbouncer(
            self.folder / "pgbouncer",
            self.log("pgbouncer"),
            self.database_url,
            port=self.ports["pooler"],
        )

    def start_nginx(self) -> None:
        self.children["nginx"] = self.front.start()

    def start_bucket(self) -> None:
        folder = self.folder / "bucket"
        folder.mkdir(exist_ok=True)
        ports = {"port": self.ports["bucket"], "behind": self.ports["s3"]}
        (folder / "door.conf").write_text(
            DOOR.format(folder=folder, user=self.front.user, **ports), "utf-8"
        )
        command: list[str | Path] = [find_nginx(), "-p", folder, "-c", folder / "door.conf"]
        child = start("The bucket's door", command, log=self.log("bucket"))
        wait_until_ready(child, lambda: listens(self.ports["bucket"]))
        self.children["bucket"] = child

    def _start_s3(self) -> None:
        port = self.ports["s3"]
        command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
        child: Child = start("The bucket's server", command, log=self.log("s3"))
        wait_until_ready(child, lambda: listens(port), seconds=60)
        self.children["s3"] = child

    def _make_bucket(self) -> None:
        import boto3

        address = f"http://127.0.0.1:{self.ports['bucket']}"
        client = boto3.client(
            "s3",
            endpoint_url=address,
            region_name="us-east-1",
            aws_access_key_id=KEYS["S3_ACCESS_KEY"],
            aws_secret_access_key=KEYS["S3_SECRET_KEY"],
        )
        client.create_bucket(Bucket=BUCKET)
        client.close()
        self.environment |= {
            **KEYS,
            "STORAGE_URL": f"s3://{BUCKET}/files?endpoint={address}&region=us-east-1",
        }

    def site_environment(self, name: str) -> dict[str, str]:
        """As of a machine of its own, with a folder that no other has."""
        own = {"DISCERN_VAR": str(self.folder / name), "HTTPS": "1"}
        return {**self.environment, **own, "DATABASE_URL": self.pooled, "DATABASE_POOLED": "1"}

    def worker_environment(self) -> dict[str, str]:
        own = urlsplit(self.pooled)._replace(path="/discern_work").geturl()
        return {**self.environment, "DATABASE_URL": own, "DATABASE_POOLED": "1"}

    @cached_property
    def _context(self) -> SSLContext:
        return self.front.context()

    def line(self) -> http.client.HTTPConnection:
        return http.client.HTTPSConnection(
            "127.0.0.1", self.ports["https"], timeout=SECONDS, context=self._context
        )

    def access_logs(self) -> dict[str, list[Path]]:
        return {"nginx": [self.front.log], **super().access_logs()}

    def doors(self) -> list[Callable[[], http.client.HTTPConnection]]:
        return [*(partial(self.line_to, name) for name in self.webs), self.line]
