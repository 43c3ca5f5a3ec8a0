"""A rule of amoCRM that an archive breaks."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

Files = Mapping[str, bytes]
"""Names inside the archive, with `/`, to contents."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """`rule` is stable; `sentence` says what is wrong and what to do."""

    rule: str
    file: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.file}: {self.sentence}"


Rule = Callable[[Files], Iterator[Problem]]
