"""Changelogs, in the form of Keep a Changelog: whoever gets a version reads there what is new for them."""

import re
from collections.abc import Iterator
from pathlib import Path

from release.repository import changed_since, last_tag
from release.versions import BUNDLE, VERSION, Component, version_of

HEADING = re.compile(rf"^## \[{VERSION}\] - (?P<date>\d{{4}}-\d\d-\d\d)$", re.MULTILINE)
UNRELEASED = re.compile(r"^## \[Unreleased\]\n(?P<told>.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)


def tag_prefix(component: Component) -> str:
    return "v" if component is BUNDLE else f"{component.name}-v"


def versions_told(component: Component, root: Path) -> list[str]:
    """The versions of a changelog, the newest first."""
    return [found["version"] for found in HEADING.finditer((root / component.changelog).read_text())]


def changelog_problems(component: Component, root: Path) -> Iterator[str]:
    version, told = version_of(component, root), versions_told(component, root)
    if told[:1] != [version]:
        yield f"{component.changelog}: its newest version must be {version}, as “## [{version}] - date”"
    if told != sorted(told, key=_numbers, reverse=True):
        yield f"{component.changelog}: versions must come newest first"
    unreleased = UNRELEASED.search((root / component.changelog).read_text())
    if unreleased is not None and unreleased["told"].strip():
        yield f"{component.changelog}: give what stands under [Unreleased] a version and a date"
    tag = last_tag(root, tag_prefix(component))
    if tag is not None and tag.removeprefix(tag_prefix(component)) == version:
        for path in changed_since(root, tag, component.shipped)[:1]:
            yield f"{component.name}: {path} and maybe more changed since {tag}; raise the version"


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
