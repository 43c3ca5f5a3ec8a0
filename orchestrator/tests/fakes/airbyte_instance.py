"""An Airbyte instance as its public API shows it: a stub server of the documented shapes."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from orchestrator.adapters.runners.airbyte_api import Application
from orchestrator.domain.secret import Secret

CONNECTION = "e3b1ce92-547c-436f-b1e8-23b6936c12cd"
APPLICATION = Application(client_id="the-client", client_secret=Secret("the-client-secret"))


class Airbyte:
    """What the instance holds. `statuses` are shown one after the other, the last one for ever."""

    def __init__(self) -> None:
        self.statuses = ["pending", "running", "succeeded"]
        self.asked: list[tuple[str, str, Any]] = []
        self.refusals: list[tuple[str, int, Any]] = []
        self.tokens = 0
        self.lifetime = 900
        self.status = ""

    def answer(self, method: str, path: str, body: Any, authorization: str | None) -> tuple[int, Any]:
        assert path.startswith("/api/public/v1/")
        path = path.removeprefix("/api/public/v1")
        self.asked.append((method, path, body))
        for refusal in self.refusals:
            if f"{method} {path}".startswith(refusal[0]):
                self.refusals.remove(refusal)
                return refusal[1:]
        if path == "/applications/token":
            if body != {
                "client_id": "the-client", "client_secret": "the-client-secret", "grant-type": "client_credentials",
            }:  # fmt: skip
                return 401, {"title": "Invalid credentials"}
            self.tokens += 1
            return 200, {"access_token": f"token-{self.tokens}", "token_type": "Bearer", "expires_in": self.lifetime}
        if authorization not in (f"Bearer token-{self.tokens}", "Bearer static"):
            return 401, {"title": "Unauthorized"}
        return self.answer_of_the_api(method, path, body)

    def answer_of_the_api(self, method: str, path: str, body: Any) -> tuple[int, Any]:
        match method, path:
            case "POST", "/jobs":
                if body != {"connectionId": CONNECTION, "jobType": "sync"}:
                    return 404, {"type": "error:resource-not-found", "title": "resource-not-found", "status": 404}
                return 200, self.job()
            case "GET", "/jobs/7":
                return 200, self.job()
            case "DELETE", "/jobs/7":
                self.statuses = ["cancelled"]
                return 200, self.job()
            case "GET", "/workspaces?limit=1":
                return 200, {"data": [], "next": "", "previous": ""}
        return 404, {"title": "not found"}

    def job(self) -> dict[str, Any]:
        self.status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
        done = {"bytesSynced": 4096, "rowsSynced": 12, "duration": "PT8M27S", "lastUpdatedAt": "2026-11-21T10:00:00Z"}
        return {
            "jobId": 7, "status": self.status, "jobType": "sync", "startTime": "2026-11-21T09:59:00Z",
            "connectionId": CONNECTION, **(done if self.status in ("succeeded", "failed", "cancelled") else {}),
        }  # fmt: skip

    def cancelled(self) -> bool:
        return ("DELETE", "/jobs/7", None) in self.asked


@contextmanager
def serving(airbyte: Airbyte) -> Iterator[str]:
    """Its address, while it answers."""

    class Handler(BaseHTTPRequestHandler):
        def do(self) -> None:
            size = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(size)) if size else None
            status, answer = airbyte.answer(self.command, self.path, body, self.headers.get("Authorization"))
            content = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_DELETE = do  # noqa: N815 - http.server's names

        def log_message(self, *_: Any) -> None:
            """Quietly."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
