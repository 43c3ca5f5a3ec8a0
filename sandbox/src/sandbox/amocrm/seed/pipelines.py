"""Seeded pipelines with their stages, and the reasons why leads are lost."""

from typing import Any

WON, LOST = 142, 143
"""Status ids that mean the same in every pipeline (amoCRM docs: leads_pipelines)."""
MADE_AT = 1_650_000_000

_STAGES = {
    8111001: (
        (66500005, "Первичный контакт", "#99ccff"),
        (66500009, "Переговоры", "#ffcc66"),
        (66500013, "Принимают решение", "#ffdc7f"),
        (66500017, "Согласование договора", "#d6eaff"),
    ),
    8111005: ((66600005, "Диагностика", "#c1e0ff"), (66600009, "Ремонт", "#87f2c0")),
    8111009: ((66700005, "Старая стадия", "#e6e8ea"),),
}
STAGES = tuple((pipeline, tuple(stage[0] for stage in _STAGES[pipeline])) for pipeline in (8111001, 8111005))
"""Where seeded leads stand: (pipeline id, its own stages)."""

LOSS_REASONS: tuple[dict[str, Any], ...] = (
    {"id": 4401777, "name": "Дорого", "sort": 20, "created_at": MADE_AT, "updated_at": MADE_AT},
    {"id": 4401779, "name": "Выбрали других", "sort": 30, "created_at": MADE_AT, "updated_at": MADE_AT},
    {"id": 4401781, "name": "Пропала потребность", "sort": 40, "created_at": MADE_AT, "updated_at": MADE_AT},
)


def status(status_id: int, name: str, *, sort: int, pipeline_id: int, color: str, kind: int = 0) -> dict[str, Any]:
    """A status as it is stored; `kind` 1 is the unsorted one."""
    return {
        "id": status_id,
        "name": name,
        "sort": sort,
        "is_editable": kind == 0 and status_id not in (WON, LOST),
        "pipeline_id": pipeline_id,
        "color": color,
        "type": kind,
    }


def system_statuses(pipeline_id: int, unsorted_id: int) -> list[dict[str, Any]]:
    """The three statuses no pipeline is without."""
    return [
        status(unsorted_id, "Неразобранное", sort=10, pipeline_id=pipeline_id, color="#c1c1c1", kind=1),
        status(WON, "Успешно реализовано", sort=10000, pipeline_id=pipeline_id, color="#CCFF66"),
        status(LOST, "Закрыто и не реализовано", sort=11000, pipeline_id=pipeline_id, color="#D5D8DB"),
    ]


def pipelines() -> dict[int, dict[str, Any]]:
    """Three pipelines by id, the last one archived. `statuses` are by id."""
    made = {}
    for place, (pipeline_id, name) in enumerate(((8111001, "Продажи"), (8111005, "Сервис"), (8111009, "Архивная"))):
        stages = _STAGES[pipeline_id]
        statuses = system_statuses(pipeline_id, stages[0][0] - 4)
        for n, (status_id, title, color) in enumerate(stages):
            statuses.append(status(status_id, title, sort=20 + 10 * n, pipeline_id=pipeline_id, color=color))
        made[pipeline_id] = {
            "id": pipeline_id,
            "name": name,
            "sort": place + 1,
            "is_main": place == 0,
            "is_unsorted_on": place != 2,
            "is_archive": place == 2,
            "statuses": {one["id"]: one for one in statuses},
        }
    return made
