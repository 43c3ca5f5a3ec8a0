"""What the sandbox itself costs, so that nobody takes its limits for the connectors'."""

from benchmarks.results import Goal, Measurement, Table

MOST_PAGE_MS = 5.0


def server(*, first_page_seconds: float, page_seconds: float, import_seconds: float) -> Measurement:
    """From the bare loops' runs: CPU seconds of the server per 250-contact page and per 500 imported rows."""
    first, page, rows = 1000 * first_page_seconds, 1000 * page_seconds, 1000 * import_seconds
    return Measurement(
        title="The sandbox itself",
        goals=[
            _goal("server CPU per page of 250 contacts, under the bare loop", page),
            _goal("the same in the first read of the account, under the source", first),
        ],
        tables=[
            Table(
                header=["CPU of the server", "ms"],
                rows=[
                    ["a page of 250 contacts, in the first read of the account", f"{first:.1f}"],
                    ["a page of 250 contacts, under the bare loop", f"{page:.1f}"],
                    ["an import of 500 rows", f"{rows:.1f}"],
                ],
            )
        ],
        notes=[
            "User and system time of the sandbox's process under the bare loops above, HTTP included, by what it did.",
        ],
    )


def _goal(what: str, milliseconds: float) -> Goal:
    return Goal(
        what=what,
        value=f"{milliseconds:.1f} ms",
        goal=f"< {MOST_PAGE_MS:.0f} ms",
        met=milliseconds < MOST_PAGE_MS,
    )
