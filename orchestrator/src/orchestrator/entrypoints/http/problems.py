"""Errors as problem+json (RFC 9457), and the one table from what went wrong to an HTTP status."""

import traceback
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from logging import getLogger
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.types import Scope

from orchestrator.domain.connection_settings import InvalidSettingsError
from orchestrator.domain.errors import (
    ConflictError,
    ForbiddenError,
    MisconfiguredError,
    NeedsConsentError,
    NotFoundError,
    OrchestratorError,
    RejectedError,
    RetryableError,
)
from orchestrator.domain.widget_token import WidgetTokenError

LOG = getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:amocrm-unisender:problem:"
RETRY_SECONDS = 5


class UnauthenticatedError(OrchestratorError):
    """Nobody we know."""

    code = "unauthenticated"


class TooManyFailuresError(RetryableError):
    """Too many wrong tokens came from this address."""

    code = "too_many_failures"


class TooLargeError(OrchestratorError):
    """The body is larger than we take."""

    code = "body_too_large"


class TooSlowError(OrchestratorError):
    """The body did not come in time."""

    code = "body_too_slow"


STATUS: tuple[tuple[type[OrchestratorError], HTTPStatus], ...] = (
    (UnauthenticatedError, HTTPStatus.UNAUTHORIZED),
    (WidgetTokenError, HTTPStatus.UNAUTHORIZED),
    (ForbiddenError, HTTPStatus.FORBIDDEN),
    (NotFoundError, HTTPStatus.NOT_FOUND),
    (TooSlowError, HTTPStatus.REQUEST_TIMEOUT),
    (ConflictError, HTTPStatus.CONFLICT),
    (NeedsConsentError, HTTPStatus.CONFLICT),
    (MisconfiguredError, HTTPStatus.CONFLICT),
    (TooLargeError, HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
    (RejectedError, HTTPStatus.UNPROCESSABLE_ENTITY),
    (TooManyFailuresError, HTTPStatus.TOO_MANY_REQUESTS),
    (RetryableError, HTTPStatus.SERVICE_UNAVAILABLE),
    (OrchestratorError, HTTPStatus.INTERNAL_SERVER_ERROR),
)
"""The first that fits decides."""

FRAMEWORK_CODES = {
    HTTPStatus.NOT_FOUND: ("not_found", "There is nothing at this address."),
    HTTPStatus.METHOD_NOT_ALLOWED: ("method_not_allowed", "This address does not take this method."),
}


def answer_problems(app: FastAPI) -> None:
    """Whatever goes wrong in `app` is answered as a problem; pages answer for themselves."""
    app.add_exception_handler(OrchestratorError, _ours)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _frameworks)


def status_of(error: OrchestratorError) -> HTTPStatus:
    return next(status for kind, status in STATUS if isinstance(error, kind))


def problem(error: OrchestratorError) -> Response:
    status = status_of(error)
    headers: dict[str, str] = {}
    if isinstance(error, RetryableError):
        headers["Retry-After"] = str(max(1, round(error.retry_after or RETRY_SECONDS)))
    if isinstance(error, UnauthenticatedError):
        headers["WWW-Authenticate"] = 'Bearer realm="orchestrator"'
    return _response(status, code=error.code, detail=str(error), errors=_settings(error), headers=headers)


def _response(
    status: HTTPStatus,
    *,
    code: str,
    detail: str,
    errors: Sequence[Mapping[str, str]] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    content: dict[str, Any] = {
        "type": TYPE_PREFIX + code,
        "title": status.phrase,
        "status": status.value,
        "detail": detail,
        "code": code,
        "errors": list(errors),
    }
    return JSONResponse(content, status_code=status.value, media_type=MEDIA_TYPE, headers=headers)


def _settings(error: OrchestratorError) -> Sequence[Mapping[str, str]]:
    """Each of a connection's settings that cannot be; its sentence begins with its name."""
    if not isinstance(error, InvalidSettingsError):
        return ()
    return [
        {"in": "body", "field": sentence.partition(" ")[0].rstrip(":"), "code": "invalid", "message": sentence}
        for sentence in error.problems
    ]


async def _ours(request: Request, error: Exception) -> Response:
    assert isinstance(error, OrchestratorError)
    answer = problem(error)
    if answer.status_code == HTTPStatus.INTERNAL_SERVER_ERROR:
        LOG.error("http_call_failed", extra={"error": error.code, "route": _route(request.scope)})
    return answer


async def _invalid(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    # What was sent is not repeated: it may hold a key.
    wrong = [
        {
            "in": str(one["loc"][0]),
            "field": ".".join(map(str, one["loc"][1:])),
            "code": one["type"],
            "message": one["msg"],
        }
        for one in error.errors()
    ]
    named = ", ".join(sorted({one["field"] or one["in"] for one in wrong}))
    return _response(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        code=RejectedError.code,
        detail=f"Not as it should be: {named}. `errors` says what is wrong with each.",
        errors=wrong,
    )


async def _frameworks(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if isinstance(error.__cause__, OrchestratorError):  # FastAPI wraps what broke the reading of a body
        return problem(error.__cause__)
    status = HTTPStatus(error.status_code)
    if status is HTTPStatus.BAD_REQUEST:  # FastAPI's answer to a body that is no text
        status = HTTPStatus.UNPROCESSABLE_ENTITY
    code, detail = FRAMEWORK_CODES.get(status, (RejectedError.code, "The request cannot be read."))
    return _response(status, code=code, detail=detail, headers=error.headers)


def log_fault(error: Exception, scope: Scope) -> None:
    """A mistake of ours, without the error's own words: they may quote people."""
    last = traceback.extract_tb(error.__traceback__)[-1:]
    place = f"{last[0].filename}:{last[0].lineno}" if last else ""
    LOG.error("http_call_failed", extra={"error": type(error).__name__, "at": place, "route": _route(scope)})


def fault(error: Exception, scope: Scope) -> Response:
    """Told to the log, not to the caller."""
    log_fault(error, scope)
    return _response(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        code=OrchestratorError.code,
        detail="An error of ours: the log says more.",
    )


def _route(scope: Scope) -> str:
    """The address without what was filled in: that may be a secret."""
    return str(getattr(scope.get("route"), "path", ""))
