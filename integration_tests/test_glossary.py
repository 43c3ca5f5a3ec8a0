"""Words are a promise: the reason codes the destination reports are those of the glossary, in both languages."""

import re
from pathlib import Path

from destination_unisender.outcomes import Code

GLOSSARY = (Path(__file__).parents[1] / "docs" / "glossary.md").read_text()
ROW = re.compile(r"^\| `(?P<code>\w+)` \| (?:yes|no) \| (?P<en>[^|]+) \| (?P<ru>[^|]+) \|$", re.MULTILINE)


def test_the_glossary_explains_exactly_the_codes_the_destination_reports() -> None:
    assert {row["code"] for row in ROW.finditer(GLOSSARY)} == {code.value for code in Code}


def test_every_code_is_explained_in_both_languages() -> None:
    for row in ROW.finditer(GLOSSARY):
        assert re.search("[a-z]", row["en"]), row["code"]
        assert re.search("[а-я]", row["ru"]), row["code"]
