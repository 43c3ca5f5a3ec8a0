"""What endpoints ask for: services, who calls, in which language."""

from typing import Annotated

from anyio import CapacityLimiter
from fastapi import Depends, Request

from orchestrator.domain.wording import LANGUAGES, Language
from orchestrator.entrypoints.http.hook_intake import HookIntake
from orchestrator.entrypoints.http.services import HttpOptions, Services


def services_of(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


def intake_of(request: Request) -> HookIntake:
    intake: HookIntake = request.app.state.intake
    return intake


def language_of(request: Request) -> Language:
    options: HttpOptions = request.app.state.options
    return preferred_language(request.headers.get("accept-language", ""), otherwise=options.language)


# Coroutines, because FastAPI would send anything else to a thread.
async def _services(request: Request) -> Services:
    return services_of(request)


async def _connectors(request: Request) -> CapacityLimiter:
    limiter: CapacityLimiter = request.app.state.connectors
    return limiter


async def _actor(request: Request) -> str:
    return f"api:{request.state.caller.name}"


async def _language(request: Request) -> Language:
    return language_of(request)


ServicesHere = Annotated[Services, Depends(_services)]
ConnectorsHere = Annotated[CapacityLimiter, Depends(_connectors)]
"""A turn to let connectors run for a call."""
Actor = Annotated[str, Depends(_actor)]
"""Who calls, for the audit log."""
LanguageHere = Annotated[Language, Depends(_language)]


def preferred_language(accepted: str, *, otherwise: Language) -> Language:
    """Of an Accept-Language header, the one of ours with the greatest weight; the first of equals."""
    weights: dict[Language, float] = {}
    for part in accepted[:1000].split(","):
        tag, _, parameter = part.strip().partition(";")
        name = tag.strip().lower().partition("-")[0]
        for ours in LANGUAGES:
            if name == ours and ours not in weights:
                weights[ours] = _weight(parameter)
    best = max(weights, key=lambda ours: weights[ours], default=otherwise)
    return best if weights.get(best, 0) > 0 else otherwise


def _weight(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    try:
        return min(1.0, max(0.0, float(value))) if name.strip() == "q" else 1.0
    except ValueError:
        return 0.0
