"""Methods about webhooks."""

from typing import Any

from sandbox.unisender.exceptions import UnisenderError, invalid_arg, unspecified
from sandbox.unisender.hooks import EVENT_TYPES, Hook
from sandbox.unisender.responses.calls import Call, Method, utc
from sandbox.unisender.webhooks import probe

STATUSES = ("active", "disabled", "stopped")


async def set_hook(call: Call) -> dict[str, Any]:
    """Make or replace the hook of a URL; an active one is probed with GET first."""
    form = call.form
    url = form.required("hook_url")
    if not url.startswith(("http://", "https://")):
        raise invalid_arg("hook_url must be an http(s) address", "hook_url должен быть адресом http(s)")
    known = call.account.hooks.get(url)
    status = form.text("status", known.status if known else "active")
    if status not in STATUSES:
        raise invalid_arg("status must be active, disabled or stopped", "status: active, disabled или stopped")
    event_format = form.text("event_format", "json_post")
    if event_format != "json_post":
        raise invalid_arg("event_format must be json_post", "event_format должен быть json_post")
    events = _events(call) or (known.events if known else {})
    if not events:
        raise invalid_arg("Argument events is required", "Не указан обязательный аргумент events")
    if status == "active" and not await probe(url):
        raise unspecified(f"hook_url {url} did not answer 200 to GET", f"hook_url {url} не ответил 200 на GET")
    known = known or Hook(id=call.unisender.next_hook_id(), url=url, events=events)
    known.events, known.status, known.event_format = events, status, event_format
    known.max_parallel = max(1, form.number("max_parallel", known.max_parallel))
    known.single_event = form.flag("single_event") if form.text("single_event") else known.single_event
    known.updated_at = call.now
    call.account.hooks[url] = known
    return {}


def _events(call: Call) -> dict[str, str]:
    """`events[type]=filter` as working clients send it, or `events[]=type` as the docs' example has it."""
    events: dict[str, str] = {}
    for key, value in call.form.mapping("events").items():
        name, chosen = (value, "*") if key.isdecimal() else (key, value or "*")
        if name not in EVENT_TYPES:
            raise invalid_arg(f'Unknown event "{name}"', f'Неизвестное событие "{name}"')
        events[name] = chosen
    return events


def list_hooks(call: Call) -> list[dict[str, Any]]:
    return [
        {
            "id": hook.id,
            "hook_url": hook.url,
            "url": hook.url,
            "event_format": hook.event_format,
            "max_parallel": hook.max_parallel,
            "single_event": int(hook.single_event),
            "status": hook.status,
            "events": hook.events,
            "updated_at": utc(hook.updated_at),
        }
        for hook in call.account.hooks.values()
    ]


def remove_hook(call: Call) -> dict[str, Any]:
    url = call.form.required("hook_url")
    if call.account.hooks.pop(url, None) is None:
        raise UnisenderError("object_not_found", f"Hook {url} not found", f"Обработчик {url} не найден")
    return {}


METHODS = {
    "setHook": Method(answer=set_hook, changes=True),
    "listHooks": Method(answer=list_hooks),
    "removeHook": Method(answer=remove_hook, changes=True),
}
