"""The widget's sources as they are shipped with the package."""

from collections.abc import Iterator, Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable

FOLDER = "widget"


def widget_sources() -> Mapping[str, bytes]:
    """Names with `/` to contents."""
    return dict(_below(files("orchestrator").joinpath(FOLDER), ""))


def _below(folder: Traversable, before: str) -> Iterator[tuple[str, bytes]]:
    for one in folder.iterdir():
        if one.is_dir():
            yield from _below(one, f"{before}{one.name}/")
        else:
            yield f"{before}{one.name}", one.read_bytes()
