"""Somebody else's site, on this machine: pages that frame ours, or send forms to it."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any


class _Answering(BaseHTTPRequestHandler):
    def __init__(self, html: str, *rest: Any) -> None:
        self._html = html.encode()
        super().__init__(*rest)

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(self._html)

    def log_message(self, *_: Any) -> None:
        """Nothing: pytest's output is read by people."""


@contextmanager
def site(html: str) -> Iterator[int]:
    """The port of a site that answers everything with this page."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Answering, html)) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield int(server.server_address[1])
        finally:
            server.shutdown()
            thread.join()
