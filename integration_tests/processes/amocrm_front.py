"""amoCRM's pages in a browser that thinks it is on the internet: an HTTPS proxy that answers for its hosts itself.

The account's host serves a page that plays amoCRM around a widget (`amocrm_page/`), the service's public host what
`service` answers. Nothing else exists.
"""

import json
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

PAGES = Path(__file__).with_name("amocrm_page")
LIBRARIES = {
    "/lib/jquery.js": Path("/usr/share/javascript/jquery/jquery.min.js"),
    "/lib/require.js": Path("/usr/share/javascript/requirejs/require.min.js"),
}
"""Debian's libjs-jquery and libjs-requirejs; amoCRM's pages have both."""
TYPES = {".html": "text/html", ".js": "text/javascript", ".json": "application/json", ".css": "text/css"}
SERVICE_HOST = "sync.example.com"
HOP_BY_HOP = {"connection", "transfer-encoding", "content-length", "content-encoding", "keep-alive"}


@dataclass(frozen=True, kw_only=True)
class Told:
    """A request to the service's public host."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What comes back."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, kw_only=True)
class Front:
    """What the front knows. `token` signs a one-time token for a user of the account's host."""

    widget: Mapping[str, bytes]
    token: Callable[[str], str]
    service: Callable[[Told], Answer]


def forward_to(url: str) -> Callable[[Told], Answer]:
    """Let a running service answer, as a reverse proxy does."""

    def ask(told: Told) -> Answer:
        headers = {name: text for name, text in told.headers.items() if name.lower() not in (*HOP_BY_HOP, "host")}
        answer = requests.request(
            told.method, url + told.path, headers=headers, data=told.body, timeout=60, allow_redirects=False
        )
        kept = {name: text for name, text in answer.headers.items() if name.lower() not in HOP_BY_HOP}
        return Answer(status=answer.status_code, headers=kept, body=answer.content)

    return ask


@contextmanager
def fronting(front: Front, folder: Path) -> Iterator[str]:
    """The proxy's address; `folder` holds its certificate, which nobody trusts."""
    server = _Server(front, _tls(folder))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, front: Front, tls: ssl.SSLContext) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.front, self.tls = front, tls

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that closes while it is answered is no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_CONNECT(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.connection = cast("_Server", self.server).tls.wrap_socket(self.connection, server_side=True)
        self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb")
        self.close_connection = False

    def finish(self) -> None:
        super().finish()
        self.connection.close()

    def _answer(self) -> None:
        host, body = self.headers.get("Host", ""), self.rfile.read(int(self.headers.get("Content-Length") or 0))
        front = cast("_Server", self.server).front
        if host == SERVICE_HOST:
            answer = front.service(
                Told(method=self.command, path=self.path, headers=dict(self.headers.items()), body=body)
            )
        else:
            answer = _amocrm(front, host, self.command, urlsplit(self.path).path)
        self.send_response(answer.status)
        for name, text in answer.headers.items():
            self.send_header(name, text)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)
        self.wfile.flush()

    do_GET = do_POST = do_PUT = do_DELETE = do_OPTIONS = _answer  # noqa: N815

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - http.server's name
        """Quiet."""


def _amocrm(front: Front, host: str, method: str, path: str) -> Answer:
    if path == "/token" and method == "POST":
        return _typed(json.dumps({"token": front.token(host)}).encode(), ".json")
    if path.startswith("/widget/") and (name := path.removeprefix("/widget/")) in front.widget:
        return _typed(front.widget[name], Path(name).suffix)
    file = LIBRARIES.get(path) or PAGES / {"/": "index.html"}.get(path, path.removeprefix("/"))
    if file.is_file():
        return _typed(file.read_bytes(), file.suffix)
    return Answer(status=404 if path != "/favicon.ico" else 204, headers={}, body=b"")


def _typed(body: bytes, suffix: str) -> Answer:
    return Answer(status=200, headers={"Content-Type": TYPES.get(suffix, "image/png")}, body=body)


def _tls(folder: Path) -> ssl.SSLContext:
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "played")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName("*.amocrm.ru"), x509.DNSName(SERVICE_HOST)]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    pem = folder / "front.pem"
    pem.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return context
