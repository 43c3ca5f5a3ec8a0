"""Templates to pages: one environment per language, escaped, strict about names, running nobody else's code."""

from collections.abc import Callable
from functools import cache
from http import HTTPStatus
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse

from orchestrator.domain.wording import Language
from orchestrator.entrypoints.http.dashboard import showing
from orchestrator.entrypoints.http.dashboard.assets import ASSETS, FOLDER
from orchestrator.entrypoints.http.dashboard.texts import TEXTS
from orchestrator.entrypoints.http.dashboard.visit import Visit

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self';"
    " frame-ancestors 'none'; base-uri 'none'"
)
HEADERS = {"Content-Security-Policy": POLICY, "Referrer-Policy": "same-origin"}
"""Same-origin: browsers then name the origin of our own forms."""


def page(visit: Visit, template: str, *, status: int = HTTPStatus.OK, **shown: Any) -> HTMLResponse:
    """A whole page. `template` is a file of the templates folder; `shown` are its names beside `visit`."""
    html = fragment(visit, template, **shown)
    return HTMLResponse(html, status_code=status, headers=HEADERS)


def fragment(visit: Visit, template: str, **shown: Any) -> str:
    """A part of a page, for live regions."""
    return environment(visit.language).get_template(template).render(visit=visit, **shown)


@cache
def environment(language: Language) -> Environment:
    """Its globals and filters speak the language."""
    made = Environment(
        loader=PackageLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.globals |= {"t": teller(language), "asset": ASSETS.address, "language": language}
    made.filters |= showing.filters(language)
    return made


def teller(language: Language) -> Callable[..., str]:
    """`t("accounts.title")`: the text in the language, filled with facts."""

    def t(key: str, **facts: Any) -> str:
        return TEXTS[key].said(language, facts)

    return t
