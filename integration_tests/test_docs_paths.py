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
