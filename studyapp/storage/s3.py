"""Files in a bucket of S3's kind, every failure as the OSError that a local file gives."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any

from boto3.exceptions import Boto3Error
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from storages.backends.s3 import S3Storage

from . import UnusableStorageError

IN_MEMORY = 16 * 2**20


class S3Files(S3Storage):  # type: ignore[misc]
    """django-storages' own. A put replaces an object whole, so nothing is ever half there."""

    def get_default_settings(self) -> dict[str, Any]:
        return {
            **super().get_default_settings(),
            # One thread: a worker is solo, and a web process has its own threads.
            "transfer_config": TransferConfig(use_threads=False),
            "max_memory_size": IN_MEMORY,
            "client_config": None,
        }

    def __init__(self, **options: Any) -> None:
        # A server of one's own seldom has a host name for every bucket.
        style = "path" if options.get("endpoint_url") else "auto"
        config = Config(
            signature_version="s3v4",
            s3={"addressing_style": style},
            connect_timeout=5,
            read_timeout=60,
            retries={"mode": "standard", "max_attempts": 4},
            # Other servers than Amazon's know no such sums; files are checked by their SHA-256.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        )
        super().__init__(client_config=config, **options)
        self._session = super()._create_session()
        self._making = Lock()

    def _create_session(self) -> Any:
        return self._session

    @property
    def connection(self) -> Any:
        """This thread's own: they are not to be shared. All threads make theirs from one session,
        in turn, since each session reads and compiles what boto3 knows of S3 (0.1 s and more of a
        processor, 5 ms from then on)."""
        with self._making:
            return super().connection

    @property
    def bucket(self) -> Any:
        return self.connection.Bucket(self.bucket_name)

    def preload(self) -> None:
        """Have boto3 read what it knows of S3; the bucket is not asked."""
        self.connection.Bucket(self.bucket_name)

    def _open(self, name: str, mode: str = "rb") -> Any:
        with self._as_os_error(name):
            file = super()._open(name, mode)
            if "r" in mode:
                file.open()  # fetched here, where what goes wrong has its name
            return file

    def _save(self, name: str, content: Any) -> str:
        with self._as_os_error(name):
            return str(super()._save(name, content))

    def delete(self, name: str) -> None:
        with self._as_os_error(name):
            super().delete(name)

    def exists(self, name: str) -> bool:
        with self._as_os_error(name):
            return bool(super().exists(name))

    def size(self, name: str) -> int:
        with self._as_os_error(name):
            return int(super().size(name))

    def listdir(self, name: str) -> tuple[list[str], list[str]]:
        with self._as_os_error(name):
            folders, files = super().listdir(name)
        return list(folders), list(files)

    @contextmanager
    def _as_os_error(self, name: str) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError as error:
            raise self._not_found(name) from error
        except ClientError as error:
            if _status(error) == 404:
                raise self._not_found(name) from error
            raise UnusableStorageError(f"the bucket refused {name}: {error}") from error
        except (BotoCoreError, Boto3Error) as error:
            raise UnusableStorageError(f"the bucket can't be asked for {name}: {error}") from error

    def _not_found(self, name: str) -> OSError:
        """A bucket that is not there answers as one in which the file is not: it is asked."""
        try:
            self.connection.meta.client.head_bucket(Bucket=self.bucket_name)
        except ClientError as other:
            if _status(other) == 404:
                return UnusableStorageError(f"the bucket refused {name}: there is no such bucket")
        except BotoCoreError as other:
            return UnusableStorageError(f"the bucket can't be asked for {name}: {other}")
        return FileNotFoundError(f"{name} is not in the bucket")


def _status(error: ClientError) -> int:
    return int(error.response["ResponseMetadata"]["HTTPStatusCode"])
