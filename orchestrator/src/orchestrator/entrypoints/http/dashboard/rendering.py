"""Templates to pages: one environment per language, escaped, strict about names, running nobody else's code."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache, partial
from http import HTTPStatus
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse

from orchestrator.domain.reason_texts import entry_text, reason_label
from orchestrator.domain.repair import Repair
from orchestrator.domain.repair_texts import text_of
from orchestrator.domain.rules import describe, parse
from orchestrator.domain.wording import Language
from orchestrator.entrypoints.http.dashboard import failures, schedules, showing, standing
from orchestrator.entrypoints.http.dashboard.assets import ASSETS, FOLDER
from orchestrator.entrypoints.http.dashboard.charts import course_of
from orchestrator.entrypoints.http.dashboard.remedies import owner_of, remedies
from orchestrator.entrypoints.http.dashboard.texts import TEXTS
from orchestrator.entrypoints.http.dashboard.visit import Visit
from orchestrator.entrypoints.http.models_connections import tail

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
    t = teller(language)
    made.globals |= {"t": t, "asset": ASSETS.address, "language": language, "standing": standing, "tail": tail}
    made.globals |= {"course_of": course_of, "remedies": remedies, "owner_of": owner_of}
    made.globals |= {"action": lambda action: t(f"system.did_{action}") if f"system.did_{action}" in TEXTS else action}
    made.filters |= {
        "schedule": partial(schedules.in_words, t=t),
        "failure": lambda sync: failures.in_words(sync.failure, sync.failure_text, language),
        "rule": lambda rule: describe(parse(rule)),
        "reason": lambda reason: reason_label(reason, language),
        "entry": lambda entry: entry_text(entry, language),
        "step": lambda step: step.text(language),
        "sentences": lambda repair: text_of(_without_address(repair), language),
    }
    made.filters |= showing.filters(language)
    return made


def _without_address(repair: Repair) -> Repair:
    """What a page says of it: the address to go to is behind its button."""
    return replace(repair, facts={name: fact for name, fact in repair.facts.items() if name != "url"})


def teller(language: Language) -> Callable[..., str]:
    """`t("accounts.title")`: the text in the language, filled with facts."""

    def t(key: str, /, **facts: Any) -> str:
        return TEXTS[key].said(language, facts)

    return t
