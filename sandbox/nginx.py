"""nginx with the configuration of deploy/nginx, on loopback, with a certificate of its own."""

import datetime
import ipaddress
import os
import shutil
import socket
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from sandbox.processes import Child, PlainError, run, start, wait_until_ready

CONFIGURATION = Path(__file__).resolve().parent.parent / "deploy" / "nginx"
# As Debian's package has it, without what needs root
AROUND = """\
{user}daemon off;
worker_processes 2;
pid {folder}/nginx.pid;
error_log {folder}/nginx-error.log alert;
events {{ worker_connections 4096; }}
http {{
    include /etc/nginx/mime.types;
    default_type application/octet-stream;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/unused;
    uwsgi_temp_path {folder}/unused;
    scgi_temp_path {folder}/unused;
    include discern/discern.conf;
}}
"""


def find_nginx() -> Path:
    """nginx's binary, which Debian keeps where not everybody looks."""
    found = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    if found is None:
        raise PlainError("nginx is missing: install Debian's package nginx-light (make servers).")
    return Path(found)


@dataclass(frozen=True)
class Front:
    """An nginx of its own: where its files lie, and on which ports of loopback it listens."""

    folder: Path
    https: int
    http: int

    @property
    def address(self) -> str:
        return f"https://127.0.0.1:{self.https}"

    @property
    def certificate(self) -> Path:
        return self.folder / "certificate.pem"

    @property
    def log(self) -> Path:
        return self.folder / "access.log"

    @property
    def user(self) -> str:
        """A line for its configuration: nobody may not enter a closed folder of root's."""
        return "user root;\n" if os.geteuid() == 0 else ""

    @property
    def command(self) -> list[str | Path]:
        return [find_nginx(), "-p", self.folder, "-c", self.folder / "nginx.conf"]

    def context(self) -> ssl.SSLContext:
        """Trusts this nginx alone."""
        return ssl.create_default_context(cafile=str(self.certificate))

    def fill_in(self, webs: Sequence[int], var: Path) -> None:
        """Write the configuration for web processes on the ports `webs`, with the site's files in
        `var`; raises PlainError with nginx's own words if it is wrong."""
        shutil.rmtree(self.folder / "discern", ignore_errors=True)
        shutil.copytree(CONFIGURATION, self.folder / "discern")
        path = self.folder / "discern" / "discern.conf"
        text = path.read_text("utf-8")
        for number, port in enumerate(webs, 1):
            text = replaced(text, f"127.0.0.1:{8000 + number}", f"127.0.0.1:{port}")
        names = "/etc/letsencrypt/live/studies.example.org"
        for old, new in (
            (f"{names}/fullchain.pem", str(self.certificate)),
            (f"{names}/privkey.pem", str(self.folder / "key.pem")),
            ("studies.example.org", "127.0.0.1"),
            ("/srv/discern/var", str(var)),
            ("/var/log/nginx/discern-error.log", str(self.folder / "error.log")),
            ("/var/log/nginx/discern.log", str(self.log)),
            ("    listen [::]:80;\n", ""),
            ("    listen [::]:443 ssl http2;\n", ""),
            ("listen 80;", f"listen 127.0.0.1:{self.http};"),
            ("listen 443 ", f"listen 127.0.0.1:{self.https} "),
        ):
            text = replaced(text, old, new)
        path.write_text(text, "utf-8")
        around = AROUND.format(folder=self.folder, user=self.user)
        (self.folder / "nginx.conf").write_text(around, "utf-8")
        run([*self.command, "-t", "-q"])

    def start(self) -> Child:
        child = start("nginx", self.command, log=self.folder / "nginx.log")
        wait_until_ready(child, lambda: listens(self.https))
        return child


def make_front(folder: Path, *, https: int, http: int) -> Front:
    folder.mkdir(parents=True)
    front = Front(folder, https, http)
    make_certificate(front.certificate, folder / "key.pem")
    return front


def replaced(text: str, old: str, new: str) -> str:
    if old not in text:
        raise PlainError(f"deploy/nginx/discern.conf has no {old!r}: change sandbox/nginx.py too.")
    return text.replace(old, new)


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def make_certificate(certificate: Path, key: Path) -> None:
    """One for loopback that signs itself, for a day."""
    private = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Discern on loopback")])
    now = datetime.datetime.now(datetime.UTC)
    loopback = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([loopback]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(private, hashes.SHA256())
    )
    certificate.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    key.touch(mode=0o600)
    key.write_bytes(
        private.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
