"""A proxy that passes calls on to the sandbox and keeps the forms, so that a bare loop can repeat exactly these."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl

import requests

CELL_PREFIX = "data["
ANSWER_SECONDS = 60


@dataclass(kw_only=True)
class Recording:
    """Calls as `{"path", "values", "rows"}` in the order they came; `url` is where the proxy listens."""

    url: str = ""
    calls: list[dict[str, Any]] = field(default_factory=list)

    def keep(self, path: str, body: bytes) -> None:
        values: dict[str, str] = {}
        rows: dict[int, dict[int, str]] = {}
        for name, value in parse_qsl(body.decode(), keep_blank_values=True):
            if name.startswith(CELL_PREFIX):
                y, x = name.removeprefix(CELL_PREFIX).removesuffix("]").split("][")
                rows.setdefault(int(y), {})[int(x)] = value
            else:
                values[name] = value
        table = [[cells[x] for x in sorted(cells)] for _, cells in sorted(rows.items())]
        self.calls.append({"path": path, "values": values, "rows": table})


@contextmanager
def recording(target: str) -> Iterator[Recording]:
    """Listen on a free port and pass every POST on to `target` until the block ends."""
    kept = Recording()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            kept.keep(self.path, body)
            headers = {"Content-Type": self.headers.get("Content-Type", "")}
            answer = requests.post(f"{target}{self.path}", data=body, headers=headers, timeout=ANSWER_SECONDS)
            self.send_response(answer.status_code)
            self.send_header("Content-Type", answer.headers.get("Content-Type", ""))
            self.send_header("Content-Length", str(len(answer.content)))
            self.end_headers()
            self.wfile.write(answer.content)

        def log_message(self, *_: Any) -> None:
            """Requests are not worth a line."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    kept.url = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield kept
    finally:
        server.shutdown()
        server.server_close()
