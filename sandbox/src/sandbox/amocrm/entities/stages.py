"""How a lead's stage follows from what was written: pipeline and status agree, closing has a time."""

from collections.abc import Mapping
from typing import Any

from sandbox.amocrm.seed.pipelines import LOST, WON

Record = dict[str, Any]
UNSORTED = 1


def settle_stage(
    record: Record, before: Record | None, written: Mapping[str, Any], pipelines: Mapping[int, Record], *, now: int
) -> None:
    """Bring `record` into order after a write of `written`; `now` in Unix seconds."""
    if record["pipeline_id"] is None:
        record["pipeline_id"] = _home(record["status_id"], pipelines)
    statuses = pipelines[record["pipeline_id"]]["statuses"]
    if record["status_id"] not in statuses:
        if "status_id" in written and written["status_id"] is not None and "pipeline_id" not in written:
            record["pipeline_id"] = _home(record["status_id"], pipelines)
        else:
            record["status_id"] = first_stage(pipelines[record["pipeline_id"]])
    is_closed = record["status_id"] in (WON, LOST)
    was_closed = before is not None and before["status_id"] in (WON, LOST)
    if is_closed and not was_closed and "closed_at" not in written:
        record["closed_at"] = now
    elif not is_closed:
        record["closed_at"] = written.get("closed_at")
    if record["status_id"] != LOST:
        record["loss_reason_id"] = None


def first_stage(pipeline: Record) -> int:
    """The first stage a lead can stand in by itself: not the unsorted one."""
    usual = [status for status in pipeline["statuses"].values() if status["type"] != UNSORTED]
    return int(min(usual, key=lambda status: status["sort"])["id"])


def unsorted_stage(pipeline: Record) -> int:
    return int(next(status["id"] for status in pipeline["statuses"].values() if status["type"] == UNSORTED))


def _home(status_id: int | None, pipelines: Mapping[int, Record]) -> int:
    """The pipeline a status belongs to; the main one for 142, 143 and none."""
    main = next(pipeline["id"] for pipeline in pipelines.values() if pipeline["is_main"])
    if status_id is None or status_id in pipelines[main]["statuses"]:
        return int(main)
    return int(next(one["id"] for one in pipelines.values() if status_id in one["statuses"]))
