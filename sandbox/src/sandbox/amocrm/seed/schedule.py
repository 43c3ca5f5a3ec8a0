"""When seeded records were made and last changed, by arithmetic: a million of them cost neither start-up nor memory.

Ids grow with `created_at`; `updated_at` does not follow them: within a block of about eight months the order is
shuffled, and here and there neighbours share a second.
"""

from math import gcd

BEGINS = 1_420_070_400  # 2015-01-01T00:00:00Z
ENDS = 1_758_000_000  # 2025-09-16T05:20:00Z; fixed, so that the same seed gives the same records on any day
DAY = 86_400
BLOCKS = 16
FEWEST_IN_BLOCK = 8

Key = tuple[int, int]


class Schedule:
    """Times of `count` records with ids `first_id`, `first_id + 2`...

    An *index* counts records by id; a *position* counts them by (updated_at, id). Both start at 0.
    """

    def __init__(self, *, count: int, first_id: int) -> None:
        self.count = count
        self.first_id = first_id
        self._ids = 2 * count
        blocks = max(1, min(BLOCKS, count // FEWEST_IN_BLOCK))
        self._block = -(-count // blocks) if count else 1
        self._shuffles = [_shuffle(start, min(self._block, count - start)) for start in range(0, count, self._block)]
        self._span = (ENDS - BEGINS) * blocks // (blocks + 1)
        # Creation runs one block ahead of updating, hence created_at <= updated_at for every record.
        self._lag = self._span * self._block // count + 1 if count else 0

    def id_at(self, index: int) -> int:
        return self.first_id + 2 * index

    def index_of(self, record_id: int) -> int | None:
        """The index behind a seeded id, None for any other number."""
        place = record_id - self.first_id
        return place >> 1 if 0 <= place < self._ids and not place & 1 else None

    def created_at(self, index: int) -> int:
        return BEGINS + index * self._span // self.count

    def updated_at(self, index: int) -> int:
        return self._second(self.position_of(index))

    def created_key(self, index: int) -> Key:
        return self.created_at(index), self.id_at(index)

    def id_key(self, index: int) -> Key:
        return 0, self.id_at(index)

    def updated_key(self, position: int) -> Key:
        return self._second(position), self.id_at(self.index_at(position))

    def index_at(self, position: int) -> int:
        start, size, step, _ = self._shuffles[position // self._block]
        return start + (position - start) * step % size

    def position_of(self, index: int) -> int:
        start, size, _, back = self._shuffles[index // self._block]
        return start + (index - start) * back % size

    def _second(self, position: int) -> int:
        first = position - position % 4
        if first % 16 == 0 and position != first:
            # Neighbours share a second as long as their ids ascend: then (updated_at, id) still ascends.
            here = self.index_at(first)
            for follower in range(first + 1, position + 1):
                before, here = here, self.index_at(follower)
                if here < before:
                    break
            else:
                position = first
        return BEGINS + self._lag + position * self._span // self.count


def _shuffle(start: int, size: int) -> tuple[int, int, int, int]:
    """First place, size, step and inverse step of a block's shuffle: place n holds the (n x step mod size)-th id."""
    step = max(1, size * 3 // 8)
    while gcd(step, size) != 1:
        step += 1
    return start, size, step, pow(step, -1, size)
