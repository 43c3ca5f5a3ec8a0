"""Which connectors there are: the bundle's index as it is shipped with the service."""

from collections.abc import Sequence
from importlib.resources import files
from typing import Literal

import yaml

from orchestrator.config.kinds import Part


class Connector(Part):
    """A connector of the bundle."""

    name: str
    role: Literal["source", "destination"]
    module: str
    """Its `run()` is what the console script calls; its `preload()` prepares what every run would do again."""
    image: str


def catalogue() -> Sequence[Connector]:
    """The connectors by which connections run."""
    shipped = files("orchestrator.config").joinpath("catalogue.yaml").read_text(encoding="utf-8")
    return [Connector.model_validate(entry) for entry in yaml.safe_load(shipped)]
