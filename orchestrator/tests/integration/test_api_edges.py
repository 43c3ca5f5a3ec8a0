"""What holds for every address of the HTTP side: who may call, what an error looks like, what is described."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.routing import APIRoute

from answering import TOKENS, Api, answering
from orchestrator.domain.access import Scope
from orchestrator.entrypoints.http.app import API, OPEN, WIDGET
from orchestrator.entrypoints.http.dashboard.routes import PAGES
from orchestrator.entrypoints.http.routing import Guarded

SCOPES = list(Scope)


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with answering(tmp_path_factory.mktemp("api")) as one:
        yield one


def path_of(line: Guarded) -> str:
    return line.path.replace("{name}", "x").format(account_id=1, connection_id=1, sync_id=1, repair_id=1)


def is_problem(answer: Any, status: int, code: str) -> bool:
    told = answer.json()
    return (
        answer.status_code == told["status"] == status
        and answer.headers["Content-Type"] == "application/problem+json"
        and told["code"] == code
        and told["type"].endswith(code)
        and bool(told["title"] and told["detail"])
        and isinstance(told["errors"], list)
    )


GUARDED = pytest.mark.parametrize("line", API, ids=lambda line: line.endpoint.__name__)


@GUARDED
def test_no_call_of_the_api_answers_without_a_token_that_may(api: Api, line: Guarded) -> None:
    # Each from an address of its own: too many failures from one would be refused altogether.
    elsewhere = {"X-Forwarded-For": f"192.0.2.{API.index(line)}"}
    path = path_of(line)

    nobody = api.call(line.method, path, scope=None, headers=elsewhere)
    guesser = api.call(line.method, path, scope=None, headers={"Authorization": "Bearer guessed", **elsewhere})
    garbage = api.ask(
        line.method, f"/api/v1{path}", data=b"{", headers={**elsewhere, "Content-Type": "application/json"}
    )

    for answer in (nobody, guesser, garbage):
        assert is_problem(answer, 401, "unauthenticated")
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    for weaker in SCOPES[: SCOPES.index(line.scope)]:
        assert is_problem(api.call(line.method, path, scope=weaker), 403, "forbidden")


def test_every_address_is_a_line_of_the_table_and_the_open_ones_are_known(api: Api) -> None:
    from orchestrator.entrypoints.http.app import make_app
    from orchestrator.entrypoints.http.services import HttpOptions

    app = make_app(api.services, HttpOptions())
    lines = {("/api/v1" if isinstance(line, Guarded) else "") + line.path for line in (*API, *OPEN)}
    lines |= {"/widget/v1/{host}" + line.path for line in WIDGET}  # test_widget_http.py: none without amoCRM's token
    lines |= {line.path for line in PAGES}  # test_pages_door.py: none without a session

    assert {route.path for route in app.routes} == lines | {"/api/v1/openapi.json"}  # type: ignore[attr-defined]
    assert not [
        route
        for route in app.routes
        if isinstance(route, APIRoute) and not route.path.startswith(("/api/v1/", "/widget/v1/"))
    ]
    assert {line.path for line in OPEN} == {
        "/webhooks/amocrm/{secret}", "/webhooks/amocrm/{secret}/", "/webhooks/unisender/{secret}",
        "/oauth/start", "/oauth/callback", "/callback", "/oauth/secrets", "/hooks/amocrm/uninstall",
        "/healthz", "/readyz", "/metrics",
    }  # fmt: skip


def test_who_guesses_too_often_must_wait_even_with_the_right_token(api: Api) -> None:
    elsewhere = {"X-Forwarded-For": "198.51.100.7"}
    for _ in range(20):
        api.call("GET", "/syncs", scope=None, headers={"Authorization": "Bearer guessed", **elsewhere})

    refused = api.call("GET", "/syncs", headers=elsewhere)

    assert is_problem(refused, 429, "too_many_failures")
    assert 0 < int(refused.headers["Retry-After"]) <= 60
    assert api.call("GET", "/syncs").status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "not_found"),
        ("GET", "/api", 404, "not_found"),
        ("GET", "/api/v1/accounts/", 404, "not_found"),
        ("DELETE", "/healthz", 405, "method_not_allowed"),
        ("GET", "/webhooks/amocrm/x", 405, "method_not_allowed"),
        ("PUT", "/api/v1/accounts", 405, "method_not_allowed"),
        ("GET", "/oauth/start", 422, "invalid_request"),
        ("GET", "/oauth/start?integration=unknown", 404, "integration_not_found"),
        ("POST", "/oauth/secrets", 422, "invalid_request"),
        ("GET", "/hooks/amocrm/uninstall", 403, "signature_refused"),
        ("GET", "/metrics", 401, "unauthenticated"),
    ],
)
def test_an_error_outside_the_api_is_a_problem_too(api: Api, method: str, path: str, status: int, code: str) -> None:
    if path == "/oauth/start":
        api.call("PUT", "/integrations/second", {"client_id": "second", "client_secret": "s", "redirect_uri": "https://x.example/oauth/callback"})  # fmt: skip

    assert is_problem(api.ask(method, path), status, code)


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/accounts/99", 404, "not_found"),
        ("GET", "/connections/99", 404, "not_found"),
        ("GET", "/syncs/99", 404, "not_found"),
        ("GET", "/syncs/99/events", 404, "not_found"),
        ("POST", "/syncs/99/cancel", 404, "not_found"),
        ("POST", "/syncs/99/replay", 404, "not_found"),
        ("POST", "/repairs/99/close", 404, "not_found"),
        ("GET", "/integrations/unknown", 404, "not_found"),
        ("DELETE", "/integrations/sandbox", 409, "conflict"),
        ("GET", "/accounts/abc", 422, "invalid_request"),
        ("GET", "/accounts/1/contacts?cursor=%2525", 422, "invalid_cursor"),
        ("GET", "/accounts/1/contacts?cursor=e30", 422, "invalid_cursor"),
        ("GET", "/syncs?cursor=" + "A" * 40, 422, "invalid_cursor"),
        ("GET", "/syncs?limit=0", 422, "invalid_request"),
        ("GET", "/syncs?status=asleep", 422, "invalid_request"),
        ("DELETE", "/accounts/1", 422, "invalid_request"),
        ("DELETE", "/accounts/1?mode=shred", 422, "invalid_request"),
        ("GET", "/accounts/1/fields", 409, "consent_needed"),
    ],
)
def test_an_error_of_the_api_is_a_problem_with_a_stable_code(
    api: Api, method: str, path: str, status: int, code: str
) -> None:
    assert is_problem(api.call(method, path), status, code)


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PATCH", "/accounts/link", "POST"),  # and not the account `link`
        ("PUT", "/accounts/1", "DELETE, GET, PATCH"),
        ("OPTIONS", "/integrations/main", "DELETE, GET, PUT"),
    ],
)
def test_a_method_that_an_address_does_not_take_is_refused_with_all_it_takes(
    api: Api, method: str, path: str, allowed: str
) -> None:
    refused = api.call(method, path)

    assert is_problem(refused, 405, "method_not_allowed")
    assert refused.headers["Allow"] == allowed


def test_a_wrong_field_is_named_and_what_was_sent_is_not_repeated(api: Api) -> None:
    body = {"api_key": ["hush-hush"], "destination": 5, "colour": "red"}

    answer = api.call("POST", "/accounts/1/connections", body)

    assert is_problem(answer, 422, "invalid_request")
    assert {(one["in"], one["field"]) for one in answer.json()["errors"]} == {
        ("body", "api_key"), ("body", "destination"), ("body", "colour"),
    }  # fmt: skip
    assert "hush" not in answer.text


def test_settings_that_cannot_be_are_named_one_by_one(api: Api) -> None:
    settings = {"filter": {"nonsense": 1}, "schedule": "whenever", "max_removals": 7}

    answer = api.call("PATCH", "/connections/1", settings)

    assert is_problem(answer, 422, "invalid_connection")
    assert {one["field"].partition(".")[0] for one in answer.json()["errors"]} == {"filter", "schedule", "max_removals"}


@pytest.mark.parametrize("body", [b"{", b"\xff", b"[1]", b'"text"', b""])
def test_what_is_no_json_object_is_a_problem(api: Api, body: bytes) -> None:
    headers = {"Authorization": f"Bearer {TOKENS[Scope.ADMIN]}", "Content-Type": "application/json"}

    assert is_problem(api.ask("POST", "/api/v1/unisender/probe", data=body, headers=headers), 422, "invalid_request")


def test_a_body_of_the_api_has_a_limit_announced_or_not(api: Api) -> None:
    headers = {"Authorization": f"Bearer {TOKENS[Scope.ADMIN]}", "Content-Type": "application/json"}
    body = json.dumps({"api_key": "x" * (1 << 20)}).encode()

    for data in (body, (body[at : at + 50_000] for at in range(0, len(body), 50_000))):
        assert is_problem(api.ask("POST", "/api/v1/unisender/probe", data=data, headers=headers), 413, "body_too_large")


def test_a_mistake_of_ours_is_a_problem_that_tells_nothing_but_is_logged(
    api: Api, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(**_: Any) -> Any:
        raise ZeroDivisionError("anna@example.com")

    monkeypatch.setattr(type(api.services.report), "accounts", broken)

    answer = api.call("GET", "/accounts")

    assert is_problem(answer, 500, "internal_error")
    assert "anna" not in answer.text + caplog.text
    assert "http_call_failed" in caplog.text


def test_every_answer_keeps_browsers_from_doing_harm(api: Api) -> None:
    api.get("/healthz")
    api.get("/nowhere")
    api.get("/oauth/callback")
    api.call("GET", "/accounts")

    for answer in api.answers:
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["Cache-Control"] == "no-store"
        assert "Server" not in answer.headers


def test_the_description_is_whole(api: Api) -> None:
    described = api.get("/api/v1/openapi.json").json()
    calls = {
        (method.upper(), path.removeprefix("/api/v1")): call
        for path, methods in described["paths"].items()
        for method, call in methods.items()
    }

    assert set(calls) == {(line.method, line.path) for line in API}
    assert len({call["operationId"] for call in calls.values()}) == len(API)
    for line in API:
        call = calls[line.method, line.path]
        assert call["tags"]
        assert call["description"].endswith(".")
        assert call["security"] == [{"bearer": []}]
        assert call["x-scope"] == line.scope.value
        answers = call["responses"]
        for status in (401, 403, 422, 429, 500, 503, *line.errors):
            schema = answers[str(status)]["content"]["application/problem+json"]["schema"]
            assert schema == {"$ref": "#/components/schemas/Problem"}
        if line.status != 204:
            content = answers[str(line.status)]["content"][line.produces]
            assert "$ref" in content.get("schema", {"$ref": ""}) or line.produces == "text/event-stream"
    known = described["components"]["schemas"]
    text = json.dumps(described)
    assert not [one for one in text.split('"#/components/schemas/')[1:] if one.partition('"')[0] not in known]
    assert "HTTPValidationError" not in known


def test_figures_ask_for_a_token_unless_they_are_open(api: Api, tmp_path: Path) -> None:
    api.post("/webhooks/amocrm/guessed", data=b"")

    figures = api.get("/metrics", headers={"Authorization": f"Bearer {TOKENS[Scope.READ]}"})

    assert "webhooks_total" in figures.text
    assert figures.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    with answering(tmp_path, options={"open_metrics": True}) as other:
        assert other.get("/metrics").status_code == 200
