"""A list of ids in the order of one field: arithmetic for what was seeded, a sorted list for what changed since."""

from bisect import bisect_left, insort
from collections.abc import Callable, Iterator
from itertools import islice

from sandbox.amocrm.seed.schedule import Key


class Order:
    """Live records by (field value, id).

    `key_at(position)` is the seeded sequence, ascending, `count` long. Records added or moved live in `_extra`, seeded
    ones that moved or went away leave holes in `_holes`. Any slice costs a few binary searches plus its own length.
    """

    def __init__(self, *, count: int, key_at: Callable[[int], Key]) -> None:
        self._count = count
        self._key_at = key_at
        self._holes: list[int] = []
        self._hole_set: set[int] = set()
        self._extra: list[Key] = []

    def __len__(self) -> int:
        return self._count - len(self._holes) + len(self._extra)

    def add(self, key: Key, position: int | None) -> None:
        """Put a record in; `position` is its place in the seeded sequence, None when it was not seeded."""
        if position is not None and self._key_at(position) == key:
            del self._holes[bisect_left(self._holes, position)]
            self._hole_set.remove(position)
        else:
            insort(self._extra, key)

    def remove(self, key: Key, position: int | None) -> None:
        if position is not None and self._key_at(position) == key:
            insort(self._holes, position)
            self._hole_set.add(position)
        else:
            del self._extra[bisect_left(self._extra, key)]

    def rank(self, key: Key) -> int:
        """How many live records come before `key`."""
        seeded = bisect_left(range(self._count), key, key=self._key_at)
        return seeded - bisect_left(self._holes, seeded) + bisect_left(self._extra, key)

    def ids(self, start: int, stop: int) -> list[int]:
        """Ids of the live records ranked `start` <= rank < `stop`, ascending."""
        start, stop = max(0, start), min(len(self), stop)
        if start >= stop:
            return []
        extra_at = self._split(start)
        extra = islice(self._extra, extra_at, extra_at + stop - start)
        return list(self._merge(self._seeded_from(start - extra_at), extra, stop - start))

    def _split(self, rank: int) -> int:
        """How many of the first `rank` records come from `_extra`."""
        seeded = self._count - len(self._holes)
        low, high = max(0, rank - seeded), min(rank, len(self._extra))
        while low < high:
            middle = (low + high) // 2
            if self._extra[middle] < self._key_at(self._place(rank - middle - 1)):
                low = middle + 1
            else:
                high = middle
        return low

    def _place(self, live: int) -> int:
        """The position of the `live`-th seeded record that is still in its place."""
        holes_before = bisect_left(range(len(self._holes)), live + 1, key=lambda n: self._holes[n] - n)
        return live + holes_before

    def _seeded_from(self, live: int) -> Iterator[Key]:
        if live >= self._count - len(self._holes):
            return
        for position in range(self._place(live), self._count):
            if position not in self._hole_set:
                yield self._key_at(position)

    @staticmethod
    def _merge(left: Iterator[Key], right: Iterator[Key], most: int) -> Iterator[int]:
        a, b = next(left, None), next(right, None)
        for _ in range(most):
            if b is None or (a is not None and a < b):
                assert a is not None
                yield a[1]
                a = next(left, None)
            else:
                yield b[1]
                b = next(right, None)
