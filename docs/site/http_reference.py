"""The HTTP reference: the app's own OpenAPI document as a page."""

from collections.abc import Iterator
from itertools import groupby
from typing import Any

from fastapi import FastAPI

from orchestrator.adapters.clock import SystemClock
from orchestrator.domain.access import Doorkeeper, FailureLimit
from orchestrator.entrypoints.http.app import API, OPEN
from orchestrator.entrypoints.http.description import describe
from orchestrator.entrypoints.http.routing import Gate, add_routes

EVERYWHERE = {"401", "403", "422", "429", "500", "503"}
Json = dict[str, Any]


def openapi() -> Json:
    """What a running service answers at `/api/v1/openapi.json`."""
    app = FastAPI()
    nobody = Gate(doorkeeper=Doorkeeper(()), failures=FailureLimit(), clock=SystemClock())
    add_routes(app, API, gate=nobody, prefix="/api/v1")
    describe(app)
    return app.openapi()


def http_reference(document: Json) -> str:
    return "\n".join(_lines(document)) + "\n"


def _lines(document: Json) -> Iterator[str]:
    yield from ("# HTTP API", "", document["info"]["description"])
    yield from (
        "A running service answers its own OpenAPI document at `GET /api/v1/openapi.json`; this page is made of it.",
        "",
        "Besides the answers named here every call may end with 401, 403, 422, 429, 500 or 503, each with a",
        "[Problem](#problem) whose `code` is one of [these](../errors.md).",
        "",
    )
    calls = [
        (call["tags"][0], method.upper(), path, call)
        for path, methods in document["paths"].items()
        for method, call in methods.items()
    ]
    calls.sort(key=lambda call: call[0])
    for tag, group in groupby(calls, key=lambda call: call[0]):
        yield from (f"## {tag.capitalize()}", "")
        for _, method, path, call in group:
            yield from _call(method, path, call)
    yield from _without_token()
    yield from ("## Models", "")
    for name, model in sorted(document["components"]["schemas"].items()):
        yield from _model(name, model)


def _without_token() -> Iterator[str]:
    """What vendors, browsers and monitors call."""
    yield from ("## Without a token", "", "| address | meaning |", "|---|---|")
    for line in OPEN:
        about = " ".join((line.endpoint.__doc__ or "").split("\n\n")[0].split())
        if not line.path.startswith("/static"):
            yield f"| `{line.method} {line.path}` | {about} |"
    yield ""


def _call(method: str, path: str, call: Json) -> Iterator[str]:
    yield from (f"### `{method} {path}`", "", f"{call['description']} Scope `{call['x-scope']}`.", "")
    if parameters := call.get("parameters"):
        yield from ("| parameter | in | type | meaning |", "|---|---|---|---|")
        for one in parameters:
            needed = " (required)" if one["required"] and one["in"] != "path" else ""
            row = (f"`{one['name']}`{needed}", one["in"], _type(one["schema"]), _meaning(one["schema"]))
            yield "| " + " | ".join(row) + " |"
        yield ""
    if body := call.get("requestBody"):
        yield from (f"Body: {_content(body['content'])}.", "")
    answers = [
        f"{status} {_content(answer['content']) if answer.get('content') else ''}".strip()
        for status, answer in sorted(call["responses"].items())
        if status not in EVERYWHERE
    ]
    yield from ("Answers: " + " · ".join(answers) + ".", "")


def _model(name: str, model: Json) -> Iterator[str]:
    yield from (f"### {name}", "")
    if description := model.get("description"):
        yield from (" ".join(description.split()), "")
    if choices := model.get("enum"):
        yield from ("One of " + ", ".join(f"`{choice}`" for choice in choices) + ".", "")
        return
    yield from ("| field | type | meaning |", "|---|---|---|")
    required = set(model.get("required", ()))
    for field, schema in model.get("properties", {}).items():
        optional = "" if field in required else " (optional)"
        yield f"| `{field}`{optional} | {_type(schema)} | {_meaning(schema)} |"
    yield ""


def _content(content: Json) -> str:
    kind, inner = next(iter(content.items()))
    schema = inner.get("schema")
    return _type(schema) if schema else f"`{kind}`"


def _type(schema: Json) -> str:
    """A schema in a word or two, models linked."""
    if reference := schema.get("$ref"):
        name = reference.rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if choices := schema.get("anyOf") or schema.get("oneOf"):
        return " or ".join(_type(choice) for choice in choices)
    if "enum" in schema:
        return ", ".join(f"`{choice}`" for choice in schema["enum"])
    if "const" in schema:
        return f"`{schema['const']}`"
    if schema.get("type") == "array":
        return "list of " + _type(schema.get("items", {}))
    return str(schema.get("format") or schema.get("type", "anything"))


def _meaning(schema: Json) -> str:
    parts = [" ".join(schema.get("description", "").split())]
    if schema.get("default") is not None:
        parts.append(f"Default `{schema['default']}`.")
    if examples := schema.get("examples"):
        parts.append(f"Such as `{examples[0]}`.")
    return " ".join(part for part in parts if part).replace("|", "\\|")
