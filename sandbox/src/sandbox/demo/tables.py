"""What the demo shows at the end."""

from collections.abc import Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table

from sandbox.demo.chapter import Chapter

MOST_SHOWN = 10


def sync_table(chapters: Sequence[Chapter], *, changed: int) -> Table:
    """One column a sync: contacts, outcomes by reason, requests, rows per request, seconds."""
    caption = (
        f"{changed} contacts had changed; the newest second of the time before is read again, so as to miss nothing."
    )
    table = Table(title="What happened", title_justify="left", caption=caption, caption_justify="left")
    table.add_column("")
    for chapter in chapters:
        table.add_column(chapter.title, justify="right")
    row = _rows(table, chapters)
    row("contacts read", lambda c: c.report.read["contacts"])
    row("deletions read", lambda c: c.report.read["contact_deletions"])
    for code in sorted({code for chapter in chapters for code in chapter.report.outcomes}, key=_delivered_first):
        row(code.replace("_", " "), lambda c, code=code: c.report.outcomes[code])
    for vendor, title in (("amocrm", "amoCRM"), ("unisender", "Unisender")):
        row(f"requests to {title}", lambda c, v=vendor: _seen(c, v)["requests"])
        row("  rows per request", lambda c, v=vendor: f"{_seen(c, v)['rows'] / max(1, _seen(c, v)['requests']):.0f}")
        row("  answers 429", lambda c, v=vendor: _seen(c, v)["errors_429"])
    row("seconds", lambda c: f"{c.seconds:.1f}")
    return table


def verdict_table(members: int, opted_out: int, problems: Sequence[str]) -> RenderableType:
    """The oracle's word, and the first few differences if there are any."""
    if not problems:
        return (
            f"\n[bold green]✓ right[/]  the list holds exactly the {members} people it must; "
            f"none of the {opted_out} who unsubscribed can be mailed"
        )
    table = Table(title=f"✗ {len(problems)} differences between the list and what it must be", title_justify="left")
    table.add_column("difference")
    for problem in problems[:MOST_SHOWN]:
        table.add_row(problem)
    return Group("", table)


def _rows(table: Table, chapters: Sequence[Chapter]) -> Any:
    def row(name: str, cell: Any) -> None:
        table.add_row(name, *(str(cell(chapter)) for chapter in chapters))

    return row


def _seen(chapter: Chapter, vendor: str) -> dict[str, Any]:
    empty: dict[str, Any] = {"requests": 0, "rows": 0, "errors_429": 0}
    return chapter.requests.get(vendor) or empty


def _delivered_first(code: str) -> tuple[bool, str]:
    return code != "delivered", code
