"""A database that is away now and then."""

from collections.abc import Iterator
from contextlib import contextmanager

from orchestrator.domain.errors import RetryableError
from orchestrator.ports.database import Database, Transaction


class FlakyDatabase:
    """Passes everything on to another database; `away` transactions cannot be begun, `broken` ones fail at the end."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.away = self.broken = 0

    @contextmanager
    def begin(self, *, reading: bool = False) -> Iterator[Transaction]:
        if self.away > 0:
            self.away -= 1
            raise RetryableError("The database is away.", code="database_unavailable")
        with self._database.begin(reading=reading) as tx:
            yield tx
            if self.broken > 0:
                self.broken -= 1
                raise RetryableError("A deadlock.", code="database_unavailable")

    def close(self) -> None:
        self._database.close()
