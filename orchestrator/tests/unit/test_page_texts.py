"""What the pages say exists in both languages, is used, and stands nowhere else."""

import re
from pathlib import Path

import pytest
from jinja2 import nodes

from orchestrator.entrypoints.http import dashboard
from orchestrator.entrypoints.http.dashboard.rendering import environment
from orchestrator.entrypoints.http.dashboard.texts import TEXTS
from orchestrator.entrypoints.http.dashboard.wording import Text, Texts

FOLDER = Path(dashboard.__file__).parent
TEMPLATES = sorted(str(path.relative_to(FOLDER / "templates")) for path in (FOLDER / "templates").rglob("*.html"))
SOURCES = [path for path in FOLDER.rglob("*.py") if "texts" not in path.parts]
WRITTEN = "".join(
    path.read_text(encoding="utf-8") for path in [*SOURCES, *(FOLDER / "templates" / name for name in TEMPLATES)]
)


@pytest.mark.parametrize("key", sorted(TEXTS))
def test_every_text_is_there_in_both_languages_with_the_same_facts(key: str) -> None:
    text = TEXTS[key]
    english, russian = text.facts

    assert english == russian
    assert text.en
    assert re.search("[а-яё№]", text.ru, re.IGNORECASE) or text.en == text.ru
    for forms in re.findall(r"\{\w+\|([^{}]*)\}", text.en):
        assert forms.count("|") == 1
    for forms in re.findall(r"\{\w+\|([^{}]*)\}", text.ru):
        assert forms.count("|") == 2


@pytest.mark.parametrize("name", TEMPLATES)
def test_every_text_a_template_asks_for_is_there_with_its_facts(name: str) -> None:
    source = environment("en").loader.get_source(environment("en"), name)[0]  # type: ignore[union-attr]
    for call in environment("en").parse(source).find_all(nodes.Call):
        if not (isinstance(call.node, nodes.Name) and call.node.name == "t"):
            continue
        key = call.args[0]
        if isinstance(key, nodes.Const):
            assert key.value in TEXTS
            if call.dyn_kwargs is None:
                assert {one.key for one in call.kwargs} == TEXTS[key.value].facts[0], key.value


def test_every_text_that_is_named_in_code_is_there() -> None:
    named = {key for path in SOURCES for key in re.findall(r'"(\w+\.\w+)"', path.read_text(encoding="utf-8"))}
    areas = {key.partition(".")[0] for key in TEXTS}

    assert {
        key for key in named if key.partition(".")[0] in areas and not key.endswith(".html")
    } - TEXTS.keys() == set()


def test_no_text_is_left_over() -> None:
    assert [key for key in TEXTS if not used(key)] == []


def used(key: str) -> bool:
    """By its whole name, or built from a part that ends with a point or an underscore."""
    if f'"{key}"' in WRITTEN or f"'{key}'" in WRITTEN:
        return True
    starts = (key[:length] for length in range(1, len(key)) if key[length - 1] in "._")
    return any(re.search(rf"""["']{re.escape(start)}(["']|\{{)""", WRITTEN) for start in starts)


@pytest.mark.parametrize("name", TEMPLATES)
def test_no_template_holds_words_of_its_own(name: str) -> None:
    """Words in a template would be of one language."""
    bare = environment("en").loader.get_source(environment("en"), name)[0]  # type: ignore[union-attr]
    for noise in (
        r"\{#.*?#\}",
        r"\{%.*?%\}",
        r"\{\{.*?\}\}",
        r"<code>.*?</code>",
        r"<[^>]*>",
        r'[\w-]+="[^"]*"',
        r"&\w+;",
    ):
        bare = re.sub(noise, " ", bare, flags=re.DOTALL)

    words = set(re.findall(r"[A-Za-zА-Яа-яЁё]{2,}", bare)) - PROPER_NAMES
    assert words == set()


PROPER_NAMES = {"UTC"}


@pytest.mark.parametrize(
    ("count", "english", "russian"),
    [
        (0, "0 people", "0 контактов"),
        (1, "1 person", "1 контакт"),
        (3, "3 people", "3 контакта"),
        (11, "11 people", "11 контактов"),
        (21, "21 people", "21 контакт"),
        (112, "112 people", "112 контактов"),
        (12431, "12\N{NARROW NO-BREAK SPACE}431 people", "12\N{NARROW NO-BREAK SPACE}431 контакт"),
    ],
)
def test_words_agree_with_their_numbers(count: int, english: str, russian: str) -> None:
    text = Text("{count} {count|person|people}", "{count} {count|контакт|контакта|контактов}")

    assert text.said("en", {"count": count}) == english
    assert text.said("ru", {"count": count}) == russian


def test_facts_are_not_read_as_templates() -> None:
    texts: Texts = {"greeting": Text("Hello {name}", "Привет, {name}")}

    assert texts["greeting"].said("en", {"name": "{secret} {name|a|b}"}) == "Hello {secret} {name|a|b}"
