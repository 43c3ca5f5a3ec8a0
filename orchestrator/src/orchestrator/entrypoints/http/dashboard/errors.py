"""What went wrong, as a page: what happened and what to do, by status, with the stable code."""

from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import Response

from orchestrator.domain.errors import OrchestratorError, RetryableError
from orchestrator.entrypoints.http.dashboard.rendering import page
from orchestrator.entrypoints.http.dashboard.texts import TEXTS
from orchestrator.entrypoints.http.dashboard.visit import Visit
from orchestrator.entrypoints.http.problems import RETRY_SECONDS, status_of

OTHERWISE = HTTPStatus.INTERNAL_SERVER_ERROR


def error_page(visit: Visit, error: OrchestratorError) -> Response:
    """The code's own words where it has some, else those of its status."""
    answer = _page(visit, status_of(error), code=error.code, detail=str(error))
    if isinstance(error, RetryableError):
        answer.headers["Retry-After"] = str(max(1, round(error.retry_after or RETRY_SECONDS)))
    return answer


def broken_page(visit: Visit) -> Response:
    return _page(visit, OTHERWISE, code=OrchestratorError.code)


def stray_page(visit: Visit) -> Response:
    return _page(visit, HTTPStatus.NOT_FOUND, code="not_found")


def off_page(visit: Visit) -> Response:
    """The pages are off: no password is configured."""
    status = HTTPStatus.OK if visit.path == "/" else HTTPStatus.NOT_FOUND
    return page(visit, "off.html", status=status)


def wants_page(request: Request) -> bool:
    """Whether a browser asks, and not for the API."""
    return "text/html" in request.headers.get("accept", "") and not request.url.path.startswith(("/api/", "/webhooks/"))


def _page(visit: Visit, status: HTTPStatus, *, code: str, detail: str = "") -> Response:
    name = next(
        name for name in (f"errors.{code}", f"errors.{status.value}", f"errors.{OTHERWISE.value}")
        if f"{name}.title" in TEXTS
    )  # fmt: skip
    return page(visit, "error.html", status=status, words=name, code=code, detail=detail)
