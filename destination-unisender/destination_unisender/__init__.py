"""Airbyte destination for Unisender: contacts into mailing lists, opt-outs never undone."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from destination_unisender.destination import DestinationUnisender

__all__ = ["DestinationUnisender"]


def __getattr__(name: str) -> Any:
    """Load the CDK's class only for those who ask for it: the CDK takes a second to import, our commands need none."""
    if name == "DestinationUnisender":
        from destination_unisender.destination import DestinationUnisender  # noqa: PLC0415  # on demand, see above

        return DestinationUnisender
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
