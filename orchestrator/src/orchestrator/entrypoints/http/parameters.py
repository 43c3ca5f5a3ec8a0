"""Parameters that many calls share."""

from typing import Annotated, Literal

from fastapi import Path, Query

Id = Annotated[int, Path(ge=1, lt=2**63)]
IdFilter = Annotated[int | None, Query(ge=1, lt=2**63)]
Stream = Annotated[Literal["contacts", "companies"], Query()]
