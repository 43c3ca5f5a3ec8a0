"""Only what changed is read, nothing is lost, with and without the paid filter option."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from types import SimpleNamespace


def ids(result: SimpleNamespace, stream: str = "contacts") -> list[int]:
    return [record["id"] for record in result.records.get(stream, [])]


@pytest.fixture(params=[True, False], ids=["filters on", "filters off"])
def filters(request: pytest.FixtureRequest, sandbox: Any) -> bool:
    sandbox.account(is_api_filter_enabled=request.param)
    return bool(request.param)


def test_a_first_read_has_every_live_contact_once(sandbox: Any, read: Any, filters: bool) -> None:
    result = read("contacts")

    assert result.code == 0
    assert result.status == {"contacts": "COMPLETE"}
    assert len(ids(result)) == len(set(ids(result)))
    assert set(ids(result)) == sandbox.live_contacts()


def test_the_second_read_has_only_what_changed(sandbox: Any, read: Any, tools: Any, filters: bool) -> None:
    before = read("contacts")
    edited = set(sandbox.edit_contacts(25))

    after = read("contacts", state=tools.last_states(before), lookback_window=0)

    assert set(ids(after)) - edited <= {record["id"] for record in before.records["contacts"][-3:]} | {
        record["id"] for record in before.records["contacts"][:3]
    }
    assert edited <= set(ids(after))
    assert len(ids(after)) <= len(edited) + 3


def test_a_third_read_without_changes_has_next_to_nothing(sandbox: Any, read: Any, tools: Any, filters: bool) -> None:
    state = tools.last_states(read("contacts"))
    requests_before = len(sandbox.requests())

    again = read("contacts", state=state, lookback_window=0)

    assert len(ids(again)) <= 2
    assert len(sandbox.requests()) - requests_before == 2  # the account, then one page
    assert tools.last_states(again) == state


def test_edits_in_mid_scan_are_read_now_or_next_time(
    sandbox: Any, read: Any, tools: Any, filters: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Users edit, delete and add between the connector's requests."""
    from source_amocrm.client import ApiClient

    honest = ApiClient.get_page
    turns = iter(range(1, 100))

    def busy(self: ApiClient, *args: Any, **kwargs: Any) -> Any:
        turn = next(turns)
        if turn < 8:
            contacts = sorted(sandbox.live_contacts())
            sandbox.edit_contacts(5, seed=turn)
            sandbox.edit(
                *({"entity": "contacts", "action": "delete", "id": i} for i in contacts[turn * 9 : turn * 9 + 3]),
                {"entity": "contacts", "action": "add", "data": {"name": f"Новый {turn}"}},
            )
        return honest(self, *args, **kwargs)

    monkeypatch.setattr(ApiClient, "get_page", busy)
    first = read("contacts")
    monkeypatch.setattr(ApiClient, "get_page", honest)
    second = read("contacts", state=tools.last_states(first))

    newest: dict[int, int] = {}
    for record in [*first.records["contacts"], *second.records.get("contacts", [])]:
        newest[record["id"]] = max(newest.get(record["id"], 0), record["updated_at"])
    truth = {i: contact["updated_at"] for i, contact in sandbox.contacts().items()}
    assert {i: newest.get(i) for i in sandbox.live_contacts()} == {i: truth[i] for i in sandbox.live_contacts()}


@pytest.mark.parametrize("bounds", ["inclusive", "exclusive"])
@pytest.mark.parametrize("order", ["id", "id_desc", "updated_at"])
def test_no_doubtful_behaviour_of_the_vendor_matters(
    sandbox: Any, read: Any, tools: Any, bounds: str, order: str
) -> None:
    sandbox.switch(filter_bounds=bounds, default_order=order, link_brackets="raw")
    before = read("contacts")
    edited = set(sandbox.edit_contacts(10))
    after = read("contacts", state=tools.last_states(before))

    assert set(ids(before)) == sandbox.live_contacts()
    assert edited <= set(ids(after))


@pytest.mark.parametrize("stream", ["companies", "leads", "tasks", "contact_notes", "lead_notes", "calls", "events"])
def test_every_incremental_stream_goes_on_from_its_state(read: Any, tools: Any, stream: str) -> None:
    before = read(stream)
    after = read(stream, state=tools.last_states(before), lookback_window=0)

    assert len(ids(before, stream)) == len(set(ids(before, stream))) > 10
    assert len(ids(after, stream)) < 10
    assert tools.last_states(after) == tools.last_states(before)


def test_a_cursor_saved_as_a_string_is_understood(read: Any, tools: Any) -> None:
    (state,) = tools.last_states(read("contacts"))
    state["stream"]["stream_state"] = {"updated_at": str(state["stream"]["stream_state"]["updated_at"])}

    assert len(ids(read("contacts", state=[state], lookback_window=0))) <= 2


def test_deletions_are_told_as_records(sandbox: Any, read: Any, tools: Any) -> None:
    before = read("contact_deletions")
    gone = sorted(sandbox.live_contacts())[:3]
    sandbox.edit(*({"entity": "contacts", "action": "delete", "id": i} for i in gone))

    after = read("contact_deletions", state=tools.last_states(before), lookback_window=0)

    told = [r for r in after.records["contact_deletions"] if r["entity_id"] in gone]
    assert sorted(record["entity_id"] for record in told) == gone
    assert {(record["type"], record["entity_type"]) for record in told} == {("contact_deleted", "contact")}


@pytest.mark.parametrize("by_id", [204, 200])
def test_record_ids_reads_exactly_these(sandbox: Any, read: Any, filters: bool, by_id: int) -> None:
    sandbox.switch(deleted_by_id=by_id)
    wanted = sorted(sandbox.live_contacts())[10:15]
    sandbox.edit({"entity": "contacts", "action": "delete", "id": wanted[0]})
    requests_before = len(sandbox.requests())

    result = read("contacts", record_ids={"contacts": [*wanted, 1]})

    assert sorted(ids(result)) == wanted[1:]
    assert result.status == {"contacts": "COMPLETE"}
    if filters:
        assert len(sandbox.requests()) - requests_before == 1


def test_record_ids_leaves_the_state_as_it_was(read: Any, tools: Any, sandbox: Any) -> None:
    state = tools.last_states(read("contacts"))
    some = sandbox.edit_contacts(3)

    result = read("contacts", state=state, record_ids=some)

    assert sorted(ids(result)) == sorted(some)
    assert tools.last_states(result) == state


def test_a_start_date_leaves_older_records_out(sandbox: Any, read: Any, filters: bool) -> None:
    result = read("contacts", start_date="2024-01-01T00:00:00Z")

    expected = {
        i
        for i, contact in sandbox.contacts().items()
        if contact["updated_at"] >= 1_704_067_200 and not contact["is_deleted"] and not contact["is_unsorted"]
    }
    assert set(ids(result)) == expected
