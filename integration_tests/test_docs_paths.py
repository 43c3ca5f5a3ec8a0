"""What documentation calls by its path is there: files move, and pages that tell of them stay behind."""

import re
import subprocess
from fnmatch import fnmatch
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LISTED = subprocess.run(
    ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
    cwd=ROOT, capture_output=True, text=True, check=True,
).stdout.splitlines()  # fmt: skip
FILES = [path for path in LISTED if (ROOT / path).exists()]
PAGES = [path for path in FILES if path.endswith(".md")]
HOUSE = {path.partition("/")[0] for path in FILES if "/" in path}
OURS = ("py", "sh", "sql", "proto", "md", "mako")
"""Kinds of files that pages name only when they mean one of ours; YAML and JSON are often an example's."""
NAMED = re.compile(r"`([\w./*-]+)`")


def is_there(named: str, page: str) -> bool:
    beside = str(Path(page).parent / named)
    return any(fnmatch(path, one) for path in FILES for one in (named, beside, f"*/{named}", f"{named.rstrip('/')}/*"))


@pytest.mark.parametrize("page", PAGES)
def test_every_path_a_page_names_exists(page: str) -> None:
    named = set(NAMED.findall((ROOT / page).read_text()))
    meant = {
        name for name in named if name.rpartition(".")[2] in OURS or ("/" in name and name.partition("/")[0] in HOUSE)
    }

    assert {name for name in meant if not is_there(name, page)} == set()


@pytest.mark.parametrize("page", [path for path in PAGES if path.startswith("docs/") and "/decisions/0" not in path])
def test_every_page_has_its_place_in_the_site(page: str) -> None:
    """`make docs` refuses orphans too; this says it earlier."""
    shown = page.removeprefix("docs/")
    shown = f"ru/{shown.replace('.ru.md', '.md')}" if shown.endswith(".ru.md") else shown

    assert re.search(rf"^ +- (?:.+: )?{shown}$", (ROOT / "mkdocs.yml").read_text(), re.MULTILINE), (
        f"write {shown} into its nav"
    )


def test_every_decision_is_listed() -> None:
    index = (ROOT / "docs" / "decisions" / "README.md").read_text()

    assert [path.name for path in (ROOT / "docs" / "decisions").glob("0*.md") if f"({path.name})" not in index] == []
