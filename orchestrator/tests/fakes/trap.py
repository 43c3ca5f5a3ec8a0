"""A server that remembers everything sent to it: what must never get a secret is pointed here."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread


@dataclass(frozen=True, kw_only=True)
class Caught:
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(kw_only=True)
class Trap:
    """Answers 200 `{}` until told otherwise."""

    address: str
    requests: list[Caught] = field(default_factory=list)
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)

    def answers(self, status: int, headers: Mapping[str, str]) -> None:
        self.status, self.headers = status, headers


@contextmanager
def trapped() -> Iterator[Trap]:
    """A trap on a free port of this machine."""

    class Handler(BaseHTTPRequestHandler):
        def _catch(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            trap.requests.append(Caught(method=self.command, path=self.path, headers=dict(self.headers), body=body))
            self.send_response(trap.status)
            for name, value in {"Content-Length": "2", **trap.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(b"{}")

        do_GET = do_POST = do_DELETE = do_PUT = _catch  # noqa: N815 - the standard library's names

        def log_message(self, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        trap = Trap(address=f"127.0.0.1:{server.server_address[1]}")
        Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        try:
            yield trap
        finally:
            server.shutdown()
