"""HTTP in and out for API v4 entities; rules and records are in `entities`."""

from aiohttp import web

from sandbox.amocrm.resources import (
    account,
    calls,
    card_writes,
    cards,
    catalogs,
    custom_fields,
    customers,
    events,
    extras,
    field_groups,
    links,
    notes,
    people,
    pipelines,
    sources,
    tags,
    tasks,
    unsorted,
)

ROUTES: list[web.RouteDef] = [
    route
    for resource in (
        account,
        people,
        card_writes,
        cards,
        customers,
        pipelines,
        unsorted,
        notes,
        tasks,
        calls,
        events,
        tags,
        field_groups,
        custom_fields,
        catalogs,
        links,
        sources,
        extras,
    )
    for route in resource.ROUTES
]
