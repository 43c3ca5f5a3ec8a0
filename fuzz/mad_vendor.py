"""A vendor gone mad: a server that answers everything alike, and answers that no vendor should give."""

import gzip
import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from hypothesis import strategies as st

NAMES = [
    "_embedded",
    "_links",
    "next",
    "webhooks",
    "custom_fields",
    "users",
    "tags",
    "contacts",
    "destination",
    "settings",
    "disabled",
    "id",
    "name",
    "subdomain",
    "is_api_filter_enabled",
    "access_token",
    "refresh_token",
    "expires_in",
    "domain",
    "detail",
    "title",
    "hint",
    "retry_after",
    "result",
    "error",
    "code",
    "email",
    "status",
    "availability",
    "lists",
    "fields",
    "task_uuid",
    "file_to_download",
    "type",
    "url",
    "events",
    "html",
]


@dataclass
class Vendor:
    """Answers everything alike."""

    url: str
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


@contextmanager
def mad_vendor() -> Iterator[Vendor]:
    class Answer(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self.send_response_only(vendor.status)
            for name, value in vendor.headers:
                self.send_header(name, value)
            if "Content-Length" not in dict(vendor.headers):
                self.send_header("Content-Length", str(len(vendor.body)))
            self.send_header("Connection", "close")
            self.end_headers()
            self.close_connection = True
            if vendor.status != 204:
                with suppress(ConnectionError):  # who asked has had enough
                    self.wfile.write(vendor.body)

        do_POST = do_DELETE = do_GET  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as http:
        vendor = Vendor(f"http://127.0.0.1:{http.server_port}")
        Thread(target=http.serve_forever, daemon=True).start()
        yield vendor
        http.shutdown()


LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.just(10**30), st.just(-1), st.floats(), st.text(max_size=20),
    st.sampled_from(["completed", "active", "unsubscribed", "demo.amocrm.ru", "https://127.0.0.1:9/x", "file:///etc/passwd"]),
)  # fmt: skip
DOCUMENTS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(st.dictionaries(st.sampled_from(NAMES), inner, max_size=6), st.lists(inner, max_size=4)),
    max_leaves=25,
)
JSON = DOCUMENTS.map(lambda document: json.dumps(document, ensure_ascii=False).encode(errors="surrogatepass"))
BODIES = st.one_of(
    JSON,
    st.tuples(JSON, st.integers(0, 200)).map(lambda pair: pair[0][: pair[1]]),
    DOCUMENTS.map(lambda document: json.dumps(document).encode("utf-16")),
    st.sampled_from(["Вход в систему", "<html>Вход</html>"]).map(lambda text: text.encode("cp1251")),
    st.just(b"<!doctype html><title>Log in</title>"),
    st.just(b"[" * 200_000),
    st.just(b'{"result":' * 50_000),
    st.just(gzip.compress(b"{}" * 1000)[:40]),
    st.binary(max_size=200),
)
HEADERS = st.lists(
    st.sampled_from([
        ("Retry-After", "soon"), ("Retry-After", "1e999"), ("Retry-After", "-5"), ("Retry-After", "9" * 400),
        ("Date", "Mon, 05 Jan 2026 10:00:00 -0000"), ("Date", "yesterday"), ("Content-Encoding", "gzip"),
        ("Content-Length", "100000"), ("Location", "http://127.0.0.1:9/elsewhere"), ("Content-Type", "text/html"),
    ]),
    max_size=3, unique_by=lambda pair: pair[0],
).map(tuple)  # fmt: skip
STATUSES = st.one_of(
    st.just(200),
    st.just(200),
    st.sampled_from([201, 202, 204, 301, 302, 307, 400, 401, 402, 403, 404, 408, 418, 422, 429, 500, 503]),
)
