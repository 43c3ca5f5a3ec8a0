"""The page about Unisender names every method, switch and control route there is."""

import re
from pathlib import Path

import pytest

from sandbox.unisender.control import control_routes
from sandbox.unisender.responses.dispatch import METHODS
from sandbox.unisender.switches import SWITCHES

PAGE = (Path(__file__).parents[2] / "docs" / "unisender.md").read_text()


def test_the_page_lists_the_methods_that_exist():
    section = PAGE.split("## Methods")[1].split("\n## ")[0]
    named = {
        name for row in re.findall(r"^\| (`.*?) \|", section, re.MULTILINE) for name in re.findall(r"`([^`]+)`", row)
    }

    assert named == set(METHODS)


def test_the_page_lists_the_switches_that_exist():
    section = PAGE.split("## Switches")[1]

    assert re.findall(r"^\| `(unisender\.\w+)`", section, re.MULTILINE) == [switch.name for switch in SWITCHES]


@pytest.mark.parametrize("last", sorted({route.path.rsplit("/", 1)[1] for route in control_routes()}))
def test_the_page_names_the_control_route(last):
    assert f"/{last}" in PAGE.split("## Control")[1]
