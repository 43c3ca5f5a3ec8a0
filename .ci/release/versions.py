"""Versions: the bundle has one, each connector its own. metadata.yaml says it; every other place must say the same."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from release.repository import text_of, tracked

VERSION = r"(?P<version>\d+\.\d+\.\d+)"
PROJECT = rf'^version = "{VERSION}"$'
BEFORE_TAG = r'(?::|"?,\s*"?(?:docker_?[iI]mage_?|new)[tT]ag"?\s*[:=]\s*"?|"\s+docker_image_tag\s*=\s*")'
"""Between repository and tag: a colon, or what Airbyte's API, Terraform and kustomize have there."""
LABELS = r"io\.airbyte|org\.opencontainers\.image"
HISTORY = ("CHANGELOG.md", "/frozen/", ".lock", "docs/releasing.md", "first_release/")
"""What of a path tells that the file may speak of other versions than today's."""


@dataclass(frozen=True, slots=True)
class Component:
    """A part that is given out under a version of its own."""

    name: str
    metadata: str
    changelog: str
    places: Mapping[str, str]
    """Files that must name the version, and how they do."""
    image: str
    """Repositories of its images; wherever one is named with a version, it is this version."""
    shipped: Sequence[str]
    """What users get of it: when this changes, the version must."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A version where it is written."""

    path: str
    line: int
    span: tuple[int, int]
    version: str


def _connector(name: str, **more_places: str) -> Component:
    package = name.replace("-", "_")
    return Component(
        name=name,
        metadata=f"{name}/metadata.yaml",
        changelog=f"{name}/CHANGELOG.md",
        places={
            f"{name}/pyproject.toml": PROJECT,
            f"{name}/Dockerfile": rf"(?:{LABELS})\.version={VERSION}\b",
            **{f"{name}/{package}/{module}.py": pattern for module, pattern in more_places.items()},
        },
        image=name,
        shipped=(f"{name}/{package}", f"{name}/metadata.yaml", f"{name}/Dockerfile", f"{name}/pyproject.toml"),
    )


CONNECTORS = (
    _connector("source-amocrm", client=rf"airbyte-source-amocrm/{VERSION}\b"),
    _connector("destination-unisender"),
)
BUNDLE = Component(
    name="bundle",
    metadata="metadata.yaml",
    changelog="CHANGELOG.md",
    places={
        "orchestrator/pyproject.toml": PROJECT,
        "sandbox/pyproject.toml": PROJECT,
        "orchestrator/Dockerfile": rf"(?:{LABELS})\.version={VERSION}\b",
        "sandbox/Dockerfile": rf"(?:{LABELS})\.version={VERSION}\b",
        "sandbox/src/sandbox/__init__.py": rf'^__version__ = "{VERSION}"$',
    },
    image=r"(?:airbyte/)?amocrm-unisender(?:[/-][a-z]+)?",
    shipped=("orchestrator/src", "sandbox/src", "orchestrator/pyproject.toml", "sandbox/pyproject.toml"),
)
COMPONENTS = (BUNDLE, *CONNECTORS)


def version_of(component: Component, root: Path) -> str:
    return next(_spots(root, component.metadata, rf"^  dockerImageTag: {VERSION}$")).version


def disagreements(component: Component, root: Path) -> Iterator[str]:
    """Every place that names another version than the component's metadata, or ought to name one and does not."""
    version = version_of(component, root)
    for path, pattern in component.places.items():
        if not list(_spots(root, path, pattern)):
            yield f"{path} does not name the version of {component.name}"
    for spot in _everywhere(component, root):
        if spot.version != version:
            yield f"{spot.path}:{spot.line} says {spot.version}, {component.metadata} says {version}"


def set_version(component: Component, version: str, root: Path) -> Sequence[str]:
    """Write the version everywhere but into the changelog, which a person writes. Answers the files changed."""
    spots = [*_spots(root, component.metadata, rf"^  dockerImageTag: {VERSION}$"), *_everywhere(component, root)]
    for spot in sorted(spots, key=lambda spot: spot.span, reverse=True):
        text = (root / spot.path).read_text()
        (root / spot.path).write_text(text[: spot.span[0]] + version + text[spot.span[1] :])
    return sorted({spot.path for spot in spots})


def _everywhere(component: Component, root: Path) -> Iterator[Spot]:
    for path, pattern in component.places.items():
        yield from _spots(root, path, pattern)
    for path in tracked(root):
        if not any(part in path for part in HISTORY):
            yield from _spots(root, path, rf"\b{component.image}{BEFORE_TAG}{VERSION}\b")


def _spots(root: Path, path: str, pattern: str) -> Iterator[Spot]:
    text = text_of(root / path)
    for found in re.finditer(pattern, text, re.MULTILINE):
        line = text.count("\n", 0, found.start()) + 1
        yield Spot(path=path, line=line, span=found.span("version"), version=found["version"])
