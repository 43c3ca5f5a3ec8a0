"""From configuration.yaml to settings, or to everything that is wrong with it at once."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from orchestrator.config.complaints import problems_of
from orchestrator.config.document import Builder, Document
from orchestrator.config.meaning import problems_of_meaning
from orchestrator.config.problem import ConfigurationError, Mark
from orchestrator.config.settings import Settings
from orchestrator.config.tags import Tags
from orchestrator.config.yaml_file import UnreadableError, nodes_of

CheckSchedule = Callable[[str], object]
"""Raises an OrchestratorError for what is no cron expression."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """Settings, and every file and folder they were made from."""

    settings: Settings
    files: frozenset[Path]


def load(
    path: Path | None,
    *,
    environment: Mapping[str, str] | None = None,
    check_schedule: CheckSchedule | None = None,
) -> Settings:
    """The settings of a configuration file; without one the defaults.

    `check_schedule` judges cron expressions; without it any text passes for one.

    Raises:
        ConfigurationError: with every problem at once.
    """
    return load_with_files(path, environment=environment, check_schedule=check_schedule).settings


def load_with_files(
    path: Path | None,
    *,
    environment: Mapping[str, str] | None = None,
    check_schedule: CheckSchedule | None = None,
) -> Loaded:
    """As `load`, with the files. A ConfigurationError knows them too."""
    if path is None:
        return Loaded(settings=Settings(), files=frozenset())
    path = Path(os.path.normpath(path))
    document = read(path, os.environ if environment is None else environment)
    context = {"folder": path.parent} | ({"check_schedule": check_schedule} if check_schedule else {})
    settings = None
    try:
        settings = Settings.model_validate(document.data, context=context)
    except ValidationError as error:
        document.problems += problems_of(error, document)
    document.problems += problems_of_meaning(document)
    if document.problems or settings is None:
        raise ConfigurationError(document.problems, files=frozenset(document.files))
    return Loaded(settings=settings, files=frozenset(document.files))


def read(path: Path, environment: Mapping[str, str]) -> Document:
    """The file and everything it includes as one document."""
    start = Mark(file=path, line=1, column=1)
    document = Document(values={(): start}, files={path})
    builder = Builder(document, Tags(path.parent, environment).table())
    try:
        node = nodes_of(path, asked=start)
        with builder.opened([path]):
            document.data = {} if node is None else builder.build(node, ())
    except UnreadableError as error:
        document.problems.append(error.problem)
        document.broken.add(())
    return document
