"""A server of S3's kind in a process of its own, on a port of loopback that it chose itself."""

import itertools
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from django.core.files.storage import default_storage
from pytest_django import Settings

from studyapp.settings import storage_from_url

KEYS = {"S3_ACCESS_KEY": "a-key", "S3_SECRET_KEY": "its-secret"}
# It ends with its standard input, so that none is left when a test run is killed.
SERVER = """
import sys
from moto.server import ThreadedMotoServer

server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
server.start()
print("http://{}:{}".format(*server.get_host_and_port()), flush=True)
sys.stdin.read()
server.stop()
"""
numbers = itertools.count(1)


@contextmanager
def s3_server() -> Iterator[str]:
    """The server's address."""
    with subprocess.Popen(
        [sys.executable, "-c", SERVER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        yield process.stdout.readline().strip()
        process.communicate()


def bucket_url(address: str, folder: str = "files", *, bucket: str = "") -> str:
    return (
        f"s3://{bucket or f'bucket-{next(numbers)}'}/{folder}?endpoint={address}&region=us-east-1"
    )


def use_storage(settings: Settings, url: str) -> None:
    """The site's files lie at `url` from now on."""
    settings.STORAGE_URL = url
    settings.STORAGES = {**settings.STORAGES, "default": storage_from_url(url, *KEYS.values())}


@contextmanager
def own_bucket(settings: Settings, address: str) -> Iterator[str]:
    """The site's files lie in a new bucket; its URL."""
    url = bucket_url(address)
    use_storage(settings, url)
    client = default_storage.connection.meta.client
    client.create_bucket(Bucket=default_storage.bucket_name)
    yield url
    client.close()
