"""Whatever a client sends, it gets an answer of the API and never a failure of the sandbox."""

import re

import pytest

from sandbox.amocrm.resources import ROUTES

ODD = [
    [None], [1], ["x"], [{}], [[]], {}, {"a": 1}, [{"id": None}], [{"id": "x"}], [{"id": 10**30}], [{"id": 1.5}],
    [{"name": {}, "entity_id": [], "text": 5}], [{"_embedded": 5}], [{"_embedded": {"tags": 5, "contacts": 5}}],
    [{"_embedded": {"tags": [5], "contacts": [5], "companies": [None], "leads": [3], "metadata": 1}}],
    [{"custom_fields_values": [5, {}, {"field_id": {}}, {"field_id": 640117, "values": 5}]}],
    [{"custom_fields_values": [{"field_code": [], "values": [5, {}, {"value": {}}, {"enum_id": []}]}]}],
    [{"tags_to_add": [5, {"name": 5}, {"id": {}}], "tags_to_delete": 7}],
    [{"params": 5, "note_type": [], "entity_id": 50110011}], [{"note_type": "common", "params": {"text": {}}}],
    [{"direction": [], "duration": "x", "source": 5, "phone": 5}],
    [{"direction": "inbound", "duration": 1, "source": "s", "phone": "1", "call_responsible": {}}],
    [{"metadata": [], "source_name": 5, "source_uid": {}}], {"link": 5}, {"mode": [], "is_enabled": 5},
    [{"to_entity_id": [], "to_entity_type": {}}], [{"to_entity_id": 1, "to_entity_type": "contacts", "metadata": 5}],
    {"user_id": "x", "status_id": []}, {"earn": "x"}, [{"enums": [5], "type": [], "name": "x"}], {"fields": [[]]},
    [{"name": "x", "sort": 1, "is_main": True, "is_unsorted_on": True, "_embedded": {"statuses": [5, {"color": []}]}}],
    [{"name": "x", "email": "y", "password": "Abc123", "rights": 5}], {"rights": 5}, {"add": 5}, {"add": [5]},
]  # fmt: skip
NUMBERS = {"catalog_id": "5501", "customer_id": "1100011", "pipeline_id": "8111001", "entity_id": "70330011"}
WORDS = {
    "uid": "no",
    "code": "example_widget",
    "parent": "leads",
    "category": "forms",
    "done": "pin",
    "kind": "salesbot",
}


def path_of(route):
    """A route's pattern as the path of something, mostly of things that exist."""

    def fill(found):
        name, _, pattern = found[1].partition(":")
        if name == "entity":
            return {"customers/segments": "customers/segments", r"catalogs/\d+": "catalogs/5501"}.get(
                pattern, pattern.split("|")[0]
            )
        return WORDS.get(name) or NUMBERS.get(name) or "70330011"

    return re.sub(r"\{((?:[^{}]|\{[^}]*\})*)\}", fill, route.path)


WRITES = sorted({(route.method, path_of(route)) for route in ROUTES if route.method in ("POST", "PATCH", "DELETE")})
READS = sorted({path_of(route) for route in ROUTES if route.method == "GET"})


@pytest.mark.parametrize(("method", "path"), WRITES, ids=lambda part: part.removeprefix("/api/v4/"))
def test_odd_bodies_are_answered(odd, method, path):
    for body in ODD:
        answer = odd.session.request(
            method, f"{odd.url}{path}", json=body, headers={"Authorization": "Bearer sandbox-token"}, timeout=10
        )
        assert answer.status_code < 500, (body, answer.text)


@pytest.mark.parametrize("path", READS, ids=lambda part: part.removeprefix("/api/v4/"))
def test_odd_queries_are_answered(odd, path):
    for query in (
        "page=x&limit=-1", "page=0&limit=0", "page=99999999999999999999", "filter=1", "filter[id]=x&filter[id][]=", "filter[]=1&order=1",
        "filter[updated_at][from]=x&filter[updated_at][to]=", "filter[created_at]=a,b&order[]=asc", "order[updated_at]=sideways&order[id]=",
        "filter[custom_fields_values][x][]=1&filter[custom_fields_values][640101][from]=1", "filter[statuses]=1&filter[statuses][0]=1",
        "filter[value_after]=1&filter[value_after][leads_statuses]=1", "filter[value_after][customers_statuses][0]=1&with[]=x&with=",
        "filter[custom_fields_values][640117]=x&filter[custom_fields_values][640111][from]=1", "query=%00%ff[", "a[b=1&[=2&]=3&a[b][=4",
    ):  # fmt: skip
        answer = odd.session.get(
            f"{odd.url}{path}?{query}", headers={"Authorization": "Bearer sandbox-token"}, timeout=10
        )
        assert answer.status_code < 500, (query, answer.text)
