"""amoCRM's ways to say no: problem+json bodies, validation errors, OAuth hints, the nginx block page."""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import orjson
from aiohttp import web

from sandbox.amocrm.here import amocrm_of

PROBLEM = "application/problem+json"
OAUTH_PROBLEM = "https://developers.amocrm.ru/v3/errors/OAuthProblemJson"
OAUTH_TITLE = "Некорректный запрос"
OAUTH_DETAIL = "В запросе отсутствует ряд параметров или параметры невалидны"
BLOCKED_PAGE = """<html>
<head><title>403 Forbidden</title></head>
<body>
<center><h1>403 Forbidden</h1></center>
<hr><center>nginx</center>
</body>
</html>
"""
DETAILS = {
    400: "Request data can not be empty",
    401: "Invalid user name or password",
    402: "Payment required",
    403: "Forbidden",
    405: "Method Not Allowed",
    422: "Limit 250 per page",
    429: "You have sent too many requests in a given amount of time. Please try again later.",
}
CHOICE = ("NotSupportedChoice", "The value you selected is not a valid choice.")
NOT_EXPECTED = ("FieldNotExpected", "This field was not expected.")
MISSING = ("FieldMissing", "This field is missing.")
BLANK = ("NotBlank", "This value should not be blank.")
NULL = ("NotNullable", "This value should not be null.")


def wrong_type(expected: str) -> tuple[str, str]:
    """Code and sentence of a value that is not `expected` ("int", "string", "array", "bool")."""
    return "InvalidType", f"This value should be of type {expected}."


@dataclass(frozen=True, kw_only=True, slots=True)
class Invalid:
    """One refused value: `row` is the element's request_id (or index as text), `path` is dotted within the element."""

    row: str
    path: str
    code: str
    detail: str


class ProblemError(Exception):
    """A refusal a handler raises; `access.api` turns it into the answer."""

    def __init__(self, status: int, detail: str | None = None, **extra: Any) -> None:
        super().__init__(detail or str(status))
        self.response_args = (status, detail, extra)

    def answer(self) -> web.Response:
        status, detail, extra = self.response_args
        return problem(status, detail, **extra)


class InvalidError(ProblemError):
    """A refused batch: every wrong value of every element."""

    def __init__(self, invalid: Sequence[Invalid]) -> None:
        super().__init__(400)
        self.invalid = tuple(invalid)

    def answer(self) -> web.Response:
        return validation_problem(self.invalid)


def problem(status: int, detail: str | None = None, *, title: str | None = None, **extra: Any) -> web.Response:
    """A problem+json answer in the shape of every recorded API error (Kommo docs: http-codes)."""
    body = {
        "title": title or HTTPStatus(status).phrase,
        "type": f"https://httpstatus.es/{status}",
        "status": status,
        "detail": detail or DETAILS.get(status, HTTPStatus(status).phrase),
        **extra,
    }
    return _answer(status, body)


def validation_problem(invalid: Iterable[Invalid]) -> web.Response:
    """The 400 that names refused values per element."""
    rows: dict[str, list[dict[str, str]]] = {}
    for one in invalid:
        rows.setdefault(one.row, []).append({"code": one.code, "path": one.path, "detail": one.detail})
    body = {
        "validation-errors": [{"request_id": row, "errors": errors} for row, errors in rows.items()],
        "title": "Bad Request",
        "type": "https://httpstatus.es/400",
        "status": 400,
        "detail": "Request validation failed",
    }
    return _answer(400, body)


def oauth_problem(status: int, hint: str) -> web.Response:
    """A refusal of the token endpoint. Clients read `hint` (recorded in the official PHP client's issues)."""
    body = {"hint": hint, "title": OAUTH_TITLE, "type": OAUTH_PROBLEM, "status": status, "detail": OAUTH_DETAIL}
    return _answer(status, body)


def too_many(retry_after: int | None = None) -> web.Response:
    """The 429 of the rate limits; `retry_after` (seconds) is in the body when known (Kommo docs: http-codes)."""
    return problem(429) if retry_after is None else problem(429, retry_after=retry_after)


def not_found(request: web.Request) -> web.Response:
    """The 404 of a path nobody serves."""
    return problem(404, f"Cannot {request.method} https://{request.host}{request.path}")


def blocked() -> web.Response:
    """The page of an account that the vendor has blocked: HTML from nginx, no JSON."""
    return web.Response(status=403, text=BLOCKED_PAGE, content_type="text/html")


def error_response(request: web.Request, status: int, retry_after: int | None = None) -> web.Response:
    """The vendor's answer for `status`, for faults on demand. `retry_after` (seconds) goes into body and header."""
    if status == 403:
        return blocked()
    if status == 404:
        return not_found(request)
    if status == 500:
        answer = _answer(500, {"title": "ErrInternalServer", "status": 500, "detail": "", "trace_id": uuid.uuid4().hex})
    elif status != 429:
        answer = problem(status)
    else:
        in_body = amocrm_of(request).switches["amocrm.retry_after"] if retry_after is None else retry_after
        answer = too_many(in_body)
    if retry_after is not None:
        answer.headers["Retry-After"] = str(retry_after)
    return answer


def _answer(status: int, body: dict[str, Any]) -> web.Response:
    return web.Response(status=status, body=orjson.dumps(body), content_type=PROBLEM)
