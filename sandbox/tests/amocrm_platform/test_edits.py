"""Edits as a user makes them: what the API then shows, and which hooks go out."""

from typing import Any
from urllib.parse import parse_qsl

DEMO = "amocrm/demo.amocrm.ru"
EVERYTHING = (
    *(f"{action}_contact" for action in ("add", "update", "delete", "restore", "note")),
    *(f"{action}_lead" for action in ("add", "update", "status", "responsible", "note")),
    *(f"{action}_task" for action in ("add", "update")),
)


async def edited(sandbox: Any, *edits: dict[str, Any], **more: Any) -> list[int]:
    return (await sandbox.control(f"{DEMO}/edits", {"edits": list(edits), **more}))["ids"]


def codes(sandbox: Any) -> list[str]:
    return [delivery.code for delivery in sandbox.world.amocrm.deliveries.log]


async def contact(sandbox: Any, contact_id: int) -> Any:
    answer = await sandbox.api(f"/api/v4/contacts/{contact_id}")
    return await answer.json(content_type=None) if answer.status == 200 else None


async def dumped(sandbox: Any) -> list[Any]:
    return (await sandbox.control(f"{DEMO}/contacts?limit=1000", method="GET"))["contacts"]


async def test_a_person_s_whole_life_makes_its_hooks_in_order(serving: Any, receiving: Any) -> None:
    async with serving() as sandbox, receiving() as app:
        await sandbox.subscribe(app.url, *EVERYTHING)
        before = sandbox.world.clock.now()
        [contact_id] = await edited(sandbox, {"entity": "contacts", "action": "add", "data": {"name": "Иван Примеров"}})
        sandbox.world.clock.advance(10)
        await edited(sandbox, {"action": "update", "id": contact_id, "data": {"name": "Иван Новый"}})
        shown = await contact(sandbox, contact_id)
        assert (shown["name"], shown["updated_by"]) == ("Иван Новый", 10200301)
        assert shown["updated_at"] >= int(before) + 10
        await edited(sandbox, {"action": "delete", "id": contact_id})
        assert await contact(sandbox, contact_id) is None
        await edited(sandbox, {"action": "restore", "id": contact_id})
        assert (await contact(sandbox, contact_id))["name"] == "Иван Новый"
        assert codes(sandbox) == ["add_contact", "update_contact", "delete_contact", "restore_contact"]
        await sandbox.until(lambda: len(app.bodies) == 4)
        pairs = [dict(parse_qsl(body)) for body in app.bodies]
        told = {next(key for key in hook if key.endswith("[0][id]")): hook for hook in pairs}
        assert all(hook[key] == str(contact_id) for key, hook in told.items())
        assert told["contacts[update][0][id]"]["contacts[update][0][name]"] == "Иван Новый"
        assert told["contacts[update][0][id]"]["contacts[update][0][modified_user_id]"] == "10200301"


async def test_edits_one_by_one_make_one_hook_each_and_a_bulk_edit_one_for_all(serving: Any, receiving: Any) -> None:
    async with serving() as sandbox, receiving() as app:
        await sandbox.subscribe(app.url, *EVERYTHING)
        ids = [one["id"] for one in (await dumped(sandbox))[:3]]
        edits = [{"action": "update", "id": one, "data": {"name": f"Контакт {one}"}} for one in ids]
        await edited(sandbox, *edits)
        assert codes(sandbox) == ["update_contact"] * 3
        await edited(sandbox, *edits, bulk=True)
        await sandbox.until(lambda: len(app.bodies) == 4)
        together = dict(parse_qsl(app.bodies[-1]))
        assert [together[f"contacts[update][{place}][id]"] for place in range(3)] == [str(one) for one in ids]


async def test_a_batch_written_through_the_api_goes_out_in_one_request(serving: Any, receiving: Any) -> None:
    async with serving() as sandbox, receiving() as app:
        await sandbox.subscribe(app.url, *EVERYTHING)
        batch = [{"name": f"Контакт {number}"} for number in range(25)]
        assert await sandbox.status("/api/v4/contacts", method="POST", json=batch) == 200
        await sandbox.until(lambda: len(app.bodies) == 1)
        pairs = dict(parse_qsl(app.bodies[0]))
        assert [pairs[f"contacts[add][{place}][name]"] for place in range(25)] == [one["name"] for one in batch]
        assert codes(sandbox) == ["add_contact"]


async def test_moving_a_lead_to_another_person_and_stage_makes_three_hooks(serving: Any, receiving: Any) -> None:
    async with serving(contacts=100) as sandbox, receiving() as app:
        await sandbox.subscribe(app.url, *EVERYTHING)
        lead = (await sandbox.control(f"{DEMO}/leads", method="GET"))["leads"][0]
        user = 10200305 if lead["responsible_user_id"] != 10200305 else 10200309
        status = 142 if lead["status_id"] != 142 else 143
        change = {"status_id": status, "pipeline_id": lead["pipeline_id"], "responsible_user_id": user}
        await edited(sandbox, {"entity": "leads", "action": "update", "id": lead["id"], "data": change})
        assert sorted(codes(sandbox)) == ["responsible_lead", "status_lead", "update_lead"]
        await sandbox.until(lambda: len(app.bodies) == 3)
        bodies = {delivery.code: dict(parse_qsl(delivery.body)) for delivery in sandbox.world.amocrm.deliveries.log}
        assert bodies["status_lead"]["leads[status][0][old_status_id]"] == str(lead["status_id"])
        assert bodies["responsible_lead"]["leads[responsible][0][old_responsible_user_id]"] == str(
            lead["responsible_user_id"]
        )


async def test_merging_takes_the_loser_away_and_keeps_the_winner(serving: Any, receiving: Any) -> None:
    async with serving() as sandbox, receiving() as app:
        await sandbox.subscribe(app.url, *EVERYTHING)
        loser, winner = [one["id"] for one in (await dumped(sandbox))[:2]]
        assert await edited(sandbox, {"action": "merge", "id": loser, "into": winner}) == [winner]
        assert await contact(sandbox, loser) is None
        assert (await contact(sandbox, winner))["id"] == winner
        assert "delete_contact" in codes(sandbox)


async def test_random_edits_are_repeatable_and_touch_only_what_they_say(serving: Any) -> None:
    outcomes = []
    for _ in range(2):
        async with serving(contacts=60) as sandbox:
            before = {one["id"]: one for one in await dumped(sandbox)}
            order = {"count": 10, "seed": 7, "deletes": 2}
            ids = (await sandbox.control(f"{DEMO}/edits/random", order))["ids"]
            after = {one["id"]: one for one in await dumped(sandbox)}
            assert len(set(ids)) == 12
            assert set(before) - set(after) == set(ids[10:])
            changed = {one for one in after if {**after[one], "updated_at": 0} != {**before[one], "updated_at": 0}}
            assert changed == set(ids[:10])
            outcomes.append((ids, [after[one]["name"] for one in ids[:10]]))
    assert outcomes[0] == outcomes[1]


async def test_a_note_and_a_task_made_by_hand_are_told(serving: Any, receiving: Any) -> None:
    async with serving() as sandbox, receiving() as app:
        await sandbox.subscribe(app.url, *EVERYTHING)
        contact_id = (await dumped(sandbox))[0]["id"]
        params = {"uniq": "u-1", "duration": 5, "source": "pbx", "phone": "+79000000000", "link": "https://a.example/1"}
        note = {"entity_id": contact_id, "note_type": "call_in", "params": params}
        [note_id] = await edited(sandbox, {"entity": "contact_notes", "action": "add", "data": note})
        task = {"text": "Перезвонить", "complete_till": 1900000000, "entity_id": contact_id, "entity_type": "contacts"}
        [task_id] = await edited(sandbox, {"entity": "tasks", "action": "add", "data": task})
        done = {"is_completed": True, "result": {"text": "Дозвонились"}}
        await edited(sandbox, {"entity": "tasks", "action": "update", "id": task_id, "data": done})
        bodies = {delivery.code: dict(parse_qsl(delivery.body)) for delivery in sandbox.world.amocrm.deliveries.log}
        assert bodies["note_contact"]["contacts[note][0][note][id]"] == str(note_id)
        assert bodies["note_contact"]["contacts[note][0][type]"] == "contact"
        assert '"UNIQ": "u-1"' in bodies["note_contact"]["contacts[note][0][note][text]"]
        assert bodies["add_task"]["task[add][0][id]"] == str(task_id)
        assert bodies["update_task"]["task[update][0][action_close]"] == "1"
        assert bodies["update_task"]["task[update][0][result][text]"] == "Дозвонились"


async def test_what_the_api_would_refuse_an_edit_refuses_too(serving: Any) -> None:
    async with serving() as sandbox:
        contact_id = (await dumped(sandbox))[0]["id"]
        for wrong, names in (({"responsible_user_id": "x"}, "responsible_user_id"), ({"name": 5}, "name")):
            order = {"edits": [{"action": "update", "id": contact_id, "data": wrong}]}
            answer = await sandbox.client.post(f"/_sandbox/{DEMO}/edits", json=order)
            assert answer.status == 400
            assert names in (await answer.json())["error"]
        missing = {"edits": [{"action": "delete", "id": 1}]}
        assert (await sandbox.client.post(f"/_sandbox/{DEMO}/edits", json=missing)).status == 400
