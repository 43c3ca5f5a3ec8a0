"""The API's description: OpenAPI, with problems and bearer tokens as components."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from orchestrator.entrypoints.http.models import FieldProblem, Problem

REF = "#/components/schemas/{model}"
ABOUT = """Brings amoCRM's contacts into Unisender's lists.

Send a token of `http.tokens` as `Authorization: Bearer <token>`. Each operation names the scope it needs (`x-scope`):
`read`, `write` or `admin`, each of which includes the ones before it. Errors are problem+json with a stable `code`.
Lists are paged: pass `next_cursor` of one answer as `cursor` of the next request, until it is null. Texts for people
come in Russian or English, as Accept-Language asks. No answer ever holds a key or a token; of keys the last four
characters are shown.
"""


def describe(app: FastAPI) -> None:
    """Make `app` answer with our description, worked out once."""
    known: dict[str, Any] = {}

    def openapi() -> dict[str, Any]:
        if not known:
            known.update(_described(app))
        return known

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's documented way


def _described(app: FastAPI) -> dict[str, Any]:
    described: dict[str, Any] = get_openapi(
        title="amoCRM to Unisender", version="1", description=ABOUT, routes=app.routes, license_info={"name": "MIT"}
    )
    components = described.setdefault("components", {})
    components["securitySchemes"] = {"bearer": {"type": "http", "scheme": "bearer"}}
    schemas = components.setdefault("schemas", {})
    for model in (Problem, FieldProblem):
        schema = model.model_json_schema(ref_template=REF)
        schema.pop("$defs", None)
        schemas[model.__name__] = schema
    return described
