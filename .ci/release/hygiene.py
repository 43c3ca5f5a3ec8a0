"""What must not be in a copy that is given out: paths of the machine it was made on."""

from collections.abc import Iterator
from pathlib import Path

from release.repository import text_of, tracked


def machine_paths(root: Path) -> Iterator[str]:
    """Files that name the folder this copy lies in, or the home of whoever made it."""
    for path in tracked(root):
        text = text_of(root / path)
        for place in {str(root), str(Path.home())} - {"/", "/root"}:
            if place in text:
                yield f"{path} names {place}"
