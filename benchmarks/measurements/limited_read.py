"""Reading everything while the sandbox counts requests as amoCRM does."""

from benchmarks.display import Step
from benchmarks.processes import watch
from benchmarks.results import Goal, Measurement, Table, thousands
from benchmarks.workshop import Workshop

PER_PAGE, PER_SECOND = 250, 7
MOST_OVER_FLOOR = 1.10


def limited_read(shop: Workshop, contacts: int, step: Step) -> Measurement:
    """Time of one full read over the floor that 7 requests a second set, and how often amoCRM had to refuse."""
    shop.sandbox.reset(rate_limits="vendor")
    since = shop.sandbox.last_request()
    run = watch(shop.read(paced=True), on_lines=step(f"reading {contacts:,} contacts at the vendor's pace", contacts))
    seen = shop.sandbox.seen("amocrm", since=since)
    shop.sandbox.reset(rate_limits="off")
    pages = -(-run.lines // PER_PAGE)
    floor = pages / PER_SECOND
    over = run.seconds / floor
    return Measurement(
        title=f"Reading {contacts:,} contacts with the vendor's limits on",
        goals=[
            Goal(
                what="time of the read ÷ floor (pages ÷ 7 a second)",
                value=f"{over:.2f}",
                goal=f"≤ {MOST_OVER_FLOOR:.2f}",
                met=over <= MOST_OVER_FLOOR,
            ),
            Goal(what="answers 429", value=str(seen.errors_429), goal="0", met=seen.errors_429 == 0),
            Goal(
                what="most requests in any second",
                value=str(seen.max_per_second),
                goal=f"≤ {PER_SECOND}",
                met=seen.max_per_second <= PER_SECOND,
            ),
        ],
        tables=[
            Table(
                header=["", "value"],
                rows=[
                    ["records read", thousands(run.lines)],
                    [f"floor: {pages} pages of {PER_PAGE} ÷ {PER_SECOND} a second", f"{floor:.1f} s"],
                    ["whole process, start-up included", f"{run.seconds:.1f} s"],
                    ["of it until the first record", f"{run.first:.1f} s"],
                    ["requests sent", str(seen.requests)],
                    ["records a second", thousands(run.whole_rate)],
                    ["CPU time of the connector", f"{run.cpu_seconds:.1f} s"],
                ],
            )
        ],
        notes=[
            (
                "The time is that of the whole process, from its start to its end. Requests beyond the pages (the "
                "account, empty last pages) wait for their turn like all others, so they are in it too. In a full run "
                "the connectors of the memory measurement work beside it, at the lowest priority: it waits most of "
                "the time, and five minutes are short."
            ),
        ],
    )
