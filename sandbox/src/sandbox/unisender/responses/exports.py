"""Methods that read the base back: the export task, its file, and the legacy synchronous export."""

import asyncio
from itertools import islice
from typing import Any
from uuid import uuid4

from aiohttp import web

from sandbox.unisender.columns import SYSTEM_COLUMNS
from sandbox.unisender.contacts import (
    ACTIVATION_REQUESTED,
    ACTIVE,
    BLOCKED,
    INACTIVE,
    INVITED,
    NEW,
    UNSUBSCRIBED,
)
from sandbox.unisender.exceptions import UnisenderError, invalid_arg, php_json
from sandbox.unisender.exports import ExportTask, Selection, columns_of, csv_chunks, rows_of
from sandbox.unisender.here import unisender_of
from sandbox.unisender.responses.calls import Call, Method

MOST_LEGACY_ROWS = 1_000
EMAIL_STATUSES = (NEW, INVITED, ACTIVE, INACTIVE, UNSUBSCRIBED, BLOCKED, ACTIVATION_REQUESTED)
PHONE_STATUSES = (NEW, ACTIVE, INACTIVE, UNSUBSCRIBED, BLOCKED)


def start_export(call: Call) -> dict[str, Any]:
    notify_url = call.form.text("notify_url")
    if not notify_url and call.switches["unisender.export_notify_url"] == "required":
        call.form.required("notify_url")
    task = ExportTask(
        uuid=str(uuid4()),
        selection=_selection(call),
        columns=_columns(call),
        ready_at=call.unisender.clock.now() + call.switches["unisender.export_seconds"],
    )
    call.account.exports[task.uuid] = task
    if notify_url:
        body = php_json({"result": _completed(call, task)}).encode()
        call.unisender.webhooks.notify(call.account, url=notify_url, at=task.ready_at, body=body)
    return {"task_uuid": task.uuid, "status": "new"}


def _selection(call: Call) -> Selection:
    form = call.form
    email_status, phone_status = form.text("email_status"), form.text("phone_status")
    for name, status, known in (
        ("email_status", email_status, EMAIL_STATUSES),
        ("phone_status", phone_status, PHONE_STATUSES),
    ):
        if status and status not in known:
            raise invalid_arg(f'{name} "{status}" is unknown', f'Неизвестный {name} "{status}"')
    return Selection(
        list_id=call.known_list().id if form.text("list_id") else 0,
        email=form.text("email"),
        phone=form.text("phone"),
        tag=form.text("tag"),
        email_status=email_status,
        phone_status=phone_status,
    )


def _columns(call: Call) -> list[str]:
    columns = columns_of(call.account, list(call.form.sequence("field_names").values()))
    if call.switches["unisender.unknown_field"] == "invalid_arg":
        for column in columns:
            if column not in SYSTEM_COLUMNS and call.account.field_named(column) is None:
                raise invalid_arg(f'Unknown field "{column}"', f'Неизвестное поле "{column}"')
    return sorted(columns) if call.switches["unisender.export_column_order"] == "alphabetical" else columns


def get_task_result(call: Call) -> dict[str, Any]:
    """The first look at a task always finds it at work; a client takes `new` here for a failure."""
    task = call.account.exports.get(call.form.required("task_uuid"))
    if task is None:
        raise UnisenderError("object_not_found", "Task not found", "Задача не найдена")
    task.polls += 1
    instant = call.switches["unisender.export_seconds"] == 0
    if call.unisender.clock.now() >= task.ready_at and (task.polls > 1 or instant):
        return _completed(call, task)
    return {"task_uuid": task.uuid, "task_type": "exportContacts", "status": "processing"}


def _completed(call: Call, task: ExportTask) -> dict[str, Any]:
    return {
        "task_uuid": task.uuid,
        "task_type": "exportContacts",
        "status": "completed",
        "file_to_download": f"{call.base_url}/files/{task.uuid}.csv",
    }


async def download(request: web.Request) -> web.StreamResponse:
    """The file of a finished task; its address is its only secret. Written while it is read, so it is never whole."""
    unisender = unisender_of(request)
    wanted = request.match_info["task_uuid"]
    for account in unisender.accounts.values():
        task = account.exports.get(wanted)
        if task is not None and unisender.clock.now() >= task.ready_at:
            break
    else:
        raise web.HTTPNotFound
    zone = unisender.switches["unisender.export_time_zone"]
    rows = rows_of(account, task.selection, task.columns, zone=zone)
    answer = web.StreamResponse(headers={"Content-Type": "text/csv; charset=utf-8"})
    await answer.prepare(request)
    for chunk in csv_chunks(task.columns, rows, delimiter=unisender.switches["unisender.export_delimiter"]):
        await answer.write(chunk)
        # A long file must not keep everybody else waiting.
        await asyncio.sleep(0)
    await answer.write_eof()
    return answer


def export_now(call: Call) -> dict[str, Any]:
    """The synchronous export of older clients, by `offset` and `limit` (at most 1,000 rows)."""
    if not call.switches["unisender.legacy_export"]:
        raise UnisenderError("unknown_method")
    limit, offset = call.form.number("limit", MOST_LEGACY_ROWS), call.form.number("offset", 0)
    if not 0 < limit <= MOST_LEGACY_ROWS or offset < 0:
        raise invalid_arg(
            f"limit must be 1 to {MOST_LEGACY_ROWS}, offset not negative",
            f"limit должен быть от 1 до {MOST_LEGACY_ROWS}, offset не меньше нуля",
        )
    columns = _columns(call)
    rows = rows_of(call.account, _selection(call), columns, zone=call.switches["unisender.export_time_zone"])
    data = list(islice(rows, offset, offset + limit))
    call.rows = len(data)
    return {"field_names": columns, "data": data}


METHODS = {
    "async/exportContacts": Method(answer=start_export),
    "async/getTaskResult": Method(answer=get_task_result),
    "exportContacts": Method(answer=export_now),
}
