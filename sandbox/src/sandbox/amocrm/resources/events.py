"""Events over HTTP: newest first, every filter form, at most 100 a page."""

from collections.abc import Callable, Collection, Iterator
from typing import Any

from aiohttp import web

from sandbox.amocrm import hal, query
from sandbox.amocrm.access import Caller, api
from sandbox.amocrm.entities.entities import Entities
from sandbox.amocrm.entities.journal import PLURAL, Event
from sandbox.amocrm.query import Query, Tree, bounds, numbers, split_texts
from sandbox.amocrm.seed.event_types import EVENT_TYPES

MOST = 100
FEW = 50
NAMES = {
    "contact": "contact_name",
    "lead": "lead_name",
    "company": "company_name",
    "customer": "customer_name",
}
Test = Callable[[Event], bool]


@api
async def events(request: web.Request, caller: Caller) -> web.Response:
    """GET /events."""
    every = caller.account.entities
    asked = query.read(request, every.switches, most=MOST)
    window = bounds(asked.filter.get("created_at"), bare="after") or (0, 1 << 62)
    places = every.journal.between(*window)
    ascending = every.switches["amocrm.events_order"] == "honoured" and asked.order == ("created_at", False)
    tests = _tests(asked.filter)
    chosen = _chosen(every, places if ascending else places[::-1], tests)
    found = _cut(chosen, asked) if tests else _slice(every, places, asked, ascending=ascending)
    more = len(found) > asked.limit
    if _asked_for(request) > MOST and every.switches["amocrm.events_over_maximum"] == "50":
        found, more = found[:FEW], False
    items = hal.rendered(_shown(every, event, asked.wanted) for event in found[: asked.limit])
    return hal.page(request, caller, asked, path="events", key="events", items=items, more=more)


@api
async def event(request: web.Request, caller: Caller) -> web.Response:
    """GET /events/{id}."""
    every = caller.account.entities
    known = every.journal.get(request.match_info["id"])
    if known is None:
        return web.Response(status=204)
    asked = query.read(request, every.switches)
    return hal.answer(request, caller, _shown(every, known, asked.wanted))


@api
async def types(request: web.Request, caller: Caller) -> web.Response:
    """GET /events/types?language_code=."""
    russian = request.query.get("language_code", "ru") == "ru"
    items = [
        {"key": key, "type": number, "lang": title if russian else key.replace("_", " ").capitalize()}
        for number, (key, title) in enumerate(EVENT_TYPES, 1)
    ]
    return hal.whole(request, caller, key="events_types", items=items)


def _asked_for(request: web.Request) -> int:
    limit = request.query.get("limit", "")
    return int(limit) if limit.isdigit() else 0


def _chosen(every: Entities, places: range, tests: list[Test]) -> Iterator[Event]:
    for place in places:
        event = every.journal.at(place)
        if all(test(event) for test in tests):
            yield event


def _cut(chosen: Iterator[Event], asked: Query) -> list[Event]:
    """The page of a filtered list and one event more."""
    found = []
    for place, event in enumerate(chosen):
        if place >= asked.start:
            found.append(event)
        if len(found) > asked.limit:
            break
    return found


def _slice(every: Entities, places: range, asked: Query, *, ascending: bool) -> list[Event]:
    ordered = places if ascending else places[::-1]
    return [every.journal.at(place) for place in ordered[asked.start : asked.start + asked.limit + 1]]


def _tests(given: Tree) -> list[Test]:
    tests: list[Test] = []
    if "id" in given:
        ids = set(split_texts(given["id"]))
        tests.append(lambda event: event["id"] in ids)
    if "created_by" in given:
        people = numbers(given["created_by"])
        tests.append(lambda event: event["created_by"] in people)
    if "entity" in given:
        kinds = set(split_texts(given["entity"]))
        tests.append(lambda event: event["entity_type"] in kinds)
        if "entity_id" in given and len(kinds) == 1:
            ids_of = numbers(given["entity_id"])
            tests.append(lambda event: event["entity_id"] in ids_of)
    if "type" in given:
        tests.append(_type_test(split_texts(given["type"])))
    for side in ("value_before", "value_after"):
        if isinstance(given.get(side), dict):
            tests.extend(_value_tests(side, given[side]))
    return tests


def _type_test(kinds: list[str]) -> Test:
    """Types by name; custom_field_{id}_value_changed stands for one field's changes."""
    plain = set(kinds)
    fields = {int(part) for kind in kinds if (part := kind.removeprefix("custom_field_").split("_")[0]).isdigit()}

    def test(event: Event) -> bool:
        if event["type"] in plain:
            return True
        return event["type"] == "custom_field_value_changed" and any(
            one["custom_field_value"]["field_id"] in fields for one in event["value_after"] + event["value_before"]
        )

    return test


def _value_tests(side: str, given: Tree) -> Iterator[Test]:
    for key, node in given.items():
        match key:
            case "leads_statuses" if isinstance(node, dict):
                pairs = {
                    (pipeline, status)
                    for one in node.values()
                    if isinstance(one, dict)
                    for pipeline in numbers(one.get("pipeline_id"))
                    for status in numbers(one.get("status_id"))
                }
                yield _any(side, "lead_status", lambda value: (value["pipeline_id"], value["id"]), pairs)
            case "customers_statuses" if isinstance(node, dict):
                ids = {status for one in node.values() for status in numbers(_inside(one, "status_id"))}
                yield _any(side, "customer_status", _id, ids)
            case "responsible_user_id":
                yield _any(side, "responsible_user", _id, numbers(node))
            case "custom_field_values":
                yield _any(side, "custom_field_value", lambda value: value.get("enum_id"), numbers(node))
            case "value":
                yield _any_text(side, set(split_texts(node)))


def _any(side: str, key: str, part: Callable[[Event], Any], wanted: Collection[Any]) -> Test:
    """Whether a value called `key` is among the wanted ones."""
    return lambda event: any(key in item and part(item[key]) in wanted for item in event[side])


def _any_text(side: str, wanted: set[str]) -> Test:
    return lambda event: any(
        str(inner) in wanted for item in event[side] for value in item.values() for inner in value.values()
    )


def _id(value: Event) -> Any:
    return value["id"]


def _inside(node: Any, key: str) -> Any:
    return node.get(key) if isinstance(node, dict) else node


def _shown(every: Entities, event: Event, wanted: frozenset[str]) -> Event:
    path = f"events/{event['id']}"
    singular: str = event["entity_type"]
    kind = PLURAL.get(singular, singular)
    entity_id = event["entity_id"]
    entity: Event = {"id": entity_id}
    if NAMES.get(singular) in wanted:
        record = every.collections[kind].get(entity_id)
        entity["name"] = record["name"] if record else ""
    if kind.startswith("catalog_"):
        catalog_id = int(kind.removeprefix("catalog_"))
        element = every.collections["catalog_elements"].get(entity_id)
        if "catalog_element_name" in wanted:
            entity["name"] = element["name"] if element else ""
        if "catalog_name" in wanted and catalog_id in every.catalogs:
            entity["catalog_name"] = every.catalogs[catalog_id]["name"]
        kind = f"catalogs/{catalog_id}/elements"
    entity["_links"] = hal.link(f"{kind}/{entity_id}")
    embedded: Event = {"entity": entity}
    if "note" in wanted and every.switches["amocrm.events_note"] == "note":
        note = _note(every, kind, event)
        if note is not None:
            embedded["note"] = note
    return {**event, "_links": hal.link(path), "_embedded": embedded}


def _note(every: Entities, kind: str, event: Event) -> Event | None:
    for item in event["value_after"]:
        if "note" in item and kind in every.notes.by_parent:
            return every.notes[kind].get(item["note"]["id"])
    return None


ROUTES = [
    web.get("/api/v4/events", events),
    web.get("/api/v4/events/types", types),
    web.get("/api/v4/events/{id}", event),
]
