"""Style sheets, scripts and images, as they were shipped: held in memory, named by what they contain."""

import hashlib
from functools import cached_property
from http import HTTPStatus
from importlib.resources import files
from mimetypes import guess_type
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from orchestrator.domain.errors import NotFoundError

FOLDER = "orchestrator.entrypoints.http.dashboard"
FOREVER = "public, max-age=31536000, immutable"


class Assets:
    """All files of the static folder under one fingerprint, so that modules may import one another by relative name."""

    @cached_property
    def _files(self) -> dict[str, bytes]:
        return dict(sorted(_files_in(files(FOLDER) / "static")))

    @cached_property
    def fingerprint(self) -> str:
        digest = hashlib.sha256()
        for name, content in self._files.items():
            digest.update(f"{name} {len(content)} ".encode() + content)
        return digest.hexdigest()[:16]

    def address(self, name: str) -> str:
        assert name in self._files, name
        return f"/static/{self.fingerprint}/{name}"

    def response(self, fingerprint: str, name: str) -> Response:
        content = self._files.get(name)
        if content is None:
            raise NotFoundError("There is nothing at this address.")
        # Another version's page may ask while the service is being updated: it gets ours, and keeps nothing.
        cached = FOREVER if fingerprint == self.fingerprint else "no-cache"
        kind = guess_type(name)[0] or "application/octet-stream"
        return Response(content, HTTPStatus.OK, {"Cache-Control": cached, "Content-Type": _with_charset(kind)})


ASSETS = Assets()


async def serve_asset(request: Request) -> Response:
    """Nobody must sign in for a style sheet."""
    return ASSETS.response(request.path_params["fingerprint"], request.path_params["name"])


def _files_in(folder: Any, prefix: str = "") -> list[tuple[str, bytes]]:
    found: list[tuple[str, bytes]] = []
    for one in folder.iterdir():
        name = prefix + one.name
        found += _files_in(one, f"{name}/") if one.is_dir() else [(name, one.read_bytes())]
    return found


def _with_charset(kind: str) -> str:
    return f"{kind}; charset=utf-8" if kind.startswith("text/") or kind == "image/svg+xml" else kind
