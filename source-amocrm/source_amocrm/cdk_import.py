"""Imports Airbyte's CDK in half the time; this package imports it before anything else that needs the CDK.

The CDK's serializers look up and parse the source files of their classes, for descriptions in a JSON schema that nobody
asks for: 0.7 of the 1.6 seconds of processor time that a start takes (docs/decisions/0018). They do without the files.
"""

from __future__ import annotations

import inspect
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def _no_source_files() -> Iterator[None]:
    """As where packages are installed as bytecode only, for whoever asks by `inspect`."""
    there = inspect.getsource
    inspect.getsource = _not_there
    try:
        yield
    finally:
        inspect.getsource = there


def _not_there(*_: Any, **__: Any) -> NoReturn:
    text = "no source files are looked up during this import"
    raise OSError(text)


with _no_source_files():
    import airbyte_cdk.models.airbyte_protocol_serializers  # noqa: F401  for the time this takes
