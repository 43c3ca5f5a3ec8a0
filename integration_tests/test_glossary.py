"""Words are a promise: the reason codes of destination and service are those of the glossary, in both languages."""

import re
from pathlib import Path

from destination_unisender.outcomes import Code
from orchestrator.domain.ledger import SYNCED, Reason

GLOSSARY = (Path(__file__).parents[1] / "docs" / "glossary.md").read_text()
ROW = re.compile(
    r"^\| `(?P<code>\w+)` \| (?P<synced>yes|no) \| (?P<destination>yes|no) \| (?P<en>[^|]+) \| (?P<ru>[^|]+) \|$",
    re.MULTILINE,
)


def test_the_glossary_explains_exactly_the_codes_the_destination_reports() -> None:
    told = {row["code"] for row in ROW.finditer(GLOSSARY) if row["destination"] == "yes"}

    assert told == {code.value for code in Code}


def test_the_glossary_explains_exactly_the_reasons_the_service_gives_and_who_of_them_is_in_the_list() -> None:
    told = {row["code"]: row["synced"] == "yes" for row in ROW.finditer(GLOSSARY)}

    assert told == {reason.value: reason in SYNCED for reason in Reason}


def test_every_code_is_explained_in_both_languages() -> None:
    for row in ROW.finditer(GLOSSARY):
        assert re.search("[a-z]", row["en"]), row["code"]
        assert re.search("[а-я]", row["ru"]), row["code"]
