"""Counting what tells no total."""

from hypothesis import given
from hypothesis import strategies as st

from orchestrator.domain.page_count import counted


@given(st.integers(0, 5000), st.integers(1, 50))
def test_every_list_is_counted_to_the_last_item_in_few_looks(total: int, size: int) -> None:
    looks: list[int] = []

    def on_page(number: int) -> int:
        looks.append(number)
        return max(0, min(size, total - (number - 1) * size))

    assert counted(on_page, size=size) == total
    assert len(looks) <= 4 + 2 * (total // size + 1).bit_length()
