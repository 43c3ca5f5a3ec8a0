"""How many items a paged list has that tells no total: felt for, page by page. Pure."""

from collections.abc import Callable

_STRIDE = 4


def counted(on_page: Callable[[int], int], *, size: int) -> int:
    """`on_page` gives the number of items on a page, from 1; `size` is that of a full one.

    Asks for about twice the logarithm of the number of pages.
    """
    full, beyond = 0, 1
    while (found := on_page(beyond)) == size:
        full, beyond = beyond, beyond * _STRIDE
    while beyond - full > 1 and found == 0:
        middle = (full + beyond) // 2
        found = on_page(middle)
        if found == size:
            full, found = middle, 0
        else:
            beyond = middle
    return (beyond - 1) * size + found
