"""Each image's lock is the root lock, restricted to what the image holds; `make lock` writes both."""

import re
from collections.abc import Iterable
from importlib.metadata import requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PINNED = re.compile(r"^([\w.-]+)==([\w.+!-]+)", re.MULTILINE)
SOURCE, DESTINATION = "airbyte-source-amocrm", "airbyte-destination-unisender"
IMAGES = {
    "source-amocrm": [SOURCE],
    "destination-unisender": [DESTINATION],
    "sandbox": ["amocrm-unisender-sandbox"],
    "orchestrator": ["amocrm-unisender-orchestrator", SOURCE, DESTINATION],
}
TOOLS = {"poetry-core", "uv"}


def pinned(path: Path) -> dict[str, set[str]]:
    """Versions by name; some packages have one for each Python."""
    found: dict[str, set[str]] = {}
    for name, version in PINNED.findall(path.read_text()):
        found.setdefault(name, set()).add(version)
    return found


def closure(packages: Iterable[str]) -> set[str]:
    """Everything these packages need, and what that needs, as installed here."""
    left, found = [(name, "") for name in packages], set()
    while left:
        one, extra = left.pop()
        for line in requires(one) or ():
            requirement = Requirement(line)
            if requirement.marker is None or requirement.marker.evaluate({"extra": extra}):
                asked = {(canonicalize_name(requirement.name), extra) for extra in ("", *requirement.extras)} - found
                found |= asked
                left += asked
    return {name for name, _ in found}


@pytest.mark.parametrize("image", IMAGES)
def test_an_image_holds_all_its_packages_need_in_the_versions_that_are_tested(image: str) -> None:
    lock, root = pinned(ROOT / image / "requirements.lock"), pinned(ROOT / "requirements.lock")

    assert {name: versions for name, versions in lock.items() if versions != root.get(name)} == {}
    assert closure(IMAGES[image]) | TOOLS == lock.keys() - of_other_systems(ROOT / image / "requirements.lock")


def of_other_systems(lock: Path) -> set[str]:
    """What the lock holds for Windows or another Python alone."""
    lines = re.findall(r"^[\w.-]+==[^;\n]+;[^\n\\]+", lock.read_text(), re.MULTILINE)
    entries = [Requirement(line) for line in lines]
    here = {one.name for one in entries if one.marker and one.marker.evaluate()}
    return {one.name for one in entries} - here
