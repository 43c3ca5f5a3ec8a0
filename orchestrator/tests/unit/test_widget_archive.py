"""The archive that amoCRM takes: ours keeps every rule, and each rule finds what breaks it."""

import json
import re
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from orchestrator.adapters.widget_sources import widget_sources
from orchestrator.cli.app import app
from orchestrator.domain import widget_archive
from orchestrator.domain.account import AccountStatus
from orchestrator.domain.errors import MisconfiguredError, RejectedError
from orchestrator.domain.explanation import Outcome
from orchestrator.domain.widget_archive.address import widget_address
from orchestrator.domain.widget_archive.assembling import SCRIPT_PARTS, Edition, assembled
from orchestrator.domain.widget_archive.languages import flat
from orchestrator.domain.widget_archive.pictures import LOGOS, size_of
from orchestrator.domain.widget_archive.rules import RULES, problems_of
from orchestrator.services.build_widget import build_widget, unzipped

EDITION = Edition(public_url="https://sync.example.com", version="1.2.3", support_url="https://help.example.com")
SOURCES = widget_sources()
LANGUAGES = ("ru", "en")
Files = dict[str, bytes]


def good() -> Files:
    return assembled(SOURCES, EDITION)


def manifest(change: Callable[[dict[str, Any]], object]) -> Callable[[Files], None]:
    def broken(files: Files) -> None:
        read = json.loads(files["manifest.json"])
        change(read)
        files["manifest.json"] = json.dumps(read).encode()

    return broken


def texts(language: str, change: Callable[[dict[str, Any]], object]) -> Callable[[Files], None]:
    def broken(files: Files) -> None:
        read = json.loads(files[f"i18n/{language}.json"])
        change(read)
        files[f"i18n/{language}.json"] = json.dumps(read).encode()

    return broken


def put(name: str, content: bytes) -> Callable[[Files], None]:
    return lambda files: files.update({name: content})


def drop(*names: str) -> Callable[[Files], None]:
    return lambda files: [files.pop(name) for name in names]  # type: ignore[return-value,func-returns-value]


def add(name: str, more: str) -> Callable[[Files], None]:
    return lambda files: files.update({name: files[name] + more.encode()})


def replace(name: str, old: str, new: str) -> Callable[[Files], None]:
    return lambda files: files.update({name: files[name].replace(old.encode(), new.encode())})


def in_a_folder(files: Files) -> None:
    inside = {f"widget/{name}": content for name, content in files.items()}
    files.clear()
    files.update(inside)


def pipeline(**dp: Any) -> Callable[[Files], None]:
    def broken(files: Files) -> None:
        manifest(lambda read: read["locations"].append("digital_pipeline"))(files)
        manifest(lambda read: read.update(dp=dp))(files)

    return broken


PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
WRONG: dict[str, list[tuple[str, Callable[[Files], None]]]] = {
    "manifest_readable": [
        ("missing", drop("manifest.json")),
        ("in a folder", in_a_folder),
        ("no JSON", put("manifest.json", b"{")),
        ("no object", put("manifest.json", b"[]")),
    ],
    "widget_version": [
        ("missing", manifest(lambda read: read["widget"].pop("version"))),
        ("two numbers", manifest(lambda read: read["widget"].update(version="1.0"))),
    ],
    "interface_version": [("one", manifest(lambda read: read["widget"].update(interface_version=1)))],
    "widget_keys": [
        ("installation", manifest(lambda read: read["widget"].update(installation="yes"))),
        ("init_once", manifest(lambda read: read["widget"].pop("init_once"))),
    ],
    "support": [("none", manifest(lambda read: read["widget"].update(support={"link": "http://help.example.com"})))],
    "locations": [
        ("unknown", manifest(lambda read: read["locations"].append("ceiling-1"))),
        ("wrong suffix", manifest(lambda read: read["locations"].append("ccard-2"))),
        ("no list", manifest(lambda read: read.update(locations="settings"))),
        ("no settings", manifest(lambda read: read["locations"].remove("settings"))),
    ],
    "advanced_title": [("missing", manifest(lambda read: read.pop("advanced")))],
    "settings": [
        ("none", manifest(lambda read: read.pop("settings"))),
        ("type", manifest(lambda read: read["settings"]["connection"].update(type="colour"))),
        ("required", manifest(lambda read: read["settings"]["connection"].update(required="no"))),
        ("two custom", manifest(lambda read: read["settings"].update(b=read["settings"]["connection"]))),
    ],
    "digital_pipeline": [
        ("nothing", pipeline()),
        ("http", pipeline(settings={"x": {"name": "settings.connection"}}, action_multiple=False, webhook_url="http://x")),
    ],
    "tour": [
        ("off", manifest(lambda read: read["tour"].update(is_tour=False))),
        ("none of a language", manifest(lambda read: read["tour"]["tour_images"].pop("en"))),
        ("no such picture", manifest(lambda read: read["tour"]["tour_images"].update(en=["/images/nowhere.png"]))),
    ],
    "locale": [
        ("none", manifest(lambda read: read["widget"].update(locale=[]))),
        ("no file", drop("i18n/en.json")),
        ("not named", put("i18n/es.json", SOURCES["i18n/en.json"])),
        ("unknown", manifest(lambda read: read["widget"]["locale"].append("fr"))),
    ],
    "i18n_readable": [("no JSON", put("i18n/en.json", b"{"))],
    "i18n_empty": [("blank", texts("en", lambda read: read["ui"].update(save=" ")))],
    "i18n_shape": [("missing", texts("en", lambda read: read["ui"].pop("save")))],
    "i18n_named": [
        ("name", manifest(lambda read: read["widget"].update(name="widget.title"))),
        ("field", manifest(lambda read: read["settings"]["connection"].update(name="settings.nothing"))),
        ("title", manifest(lambda read: read["advanced"].update(title="advanced.nothing"))),
        ("tour", manifest(lambda read: read["tour"].update(tour_description=""))),
    ],
    "logos": [*((name, drop(f"images/{name}.png")) for name in LOGOS), ("logo_dp", pipeline())],
    "logo_size": [("turned", put("images/logo.png", PNG + struct.pack(">II", 100, 130)))],
    "picture_weight": [("heavy", add("images/logo.png", "x" * 400_000))],
    "picture_kind": [
        ("svg", put("images/logo.svg", b"<svg/>")),
        ("only called so", put("images/tour_1_ru.png", b"GIF87")),
        ("cut", put("images/tour_1_ru.png", b"\xff\xd8\xff\xc0")),
    ],
    "script": [("missing", drop("script.js")), ("no module", replace("script.js", "define(['jquery'], ", "("))],
    "callbacks": [
        (name, replace("script.js", f"    {name}(", f"    {name}Not("))
        for name in ("render", "init", "bind_actions", "settings", "advancedSettings", "onSave", "destroy")
    ],
    "forbidden_call": [
        (code, add("script.js", f"\n{code}\n"))
        for code in ("eval('1')", "alert(1)", "confirm(1)", "console.log(1)", "window.alert(1)", "new Function('x')")
    ],
    "globals": [("window", add("script.js", "\nwindow.mine = 1;\n")), ("APP", add("script.js", "\nAPP.x.y = 1;\n"))],
    "commented_code": [("old", add("script.js", "\n// self.render();\n"))],
    "minified": [("long", add("script.js", "x;" * 200))],
    "class_prefix": [
        ("element", add("style.css", "\ninput { margin: 0; }\n")),
        ("id", add("style.css", "\n#list_page_holder { margin: 0; }\n")),
        ("other prefix", add("style.css", "\n.button { margin: 0; }\n")),
        ("second of a list", add("style.css", "\n.amo-unisender, body { margin: 0; }\n")),
    ],
    "places": [
        ("hidden", put(".DS_Store", b"x")),
        ("php", put("widget.php", b"x")),
        ("outside", put("../script.js", b"x")),
    ],
    "encoding": [
        ("BOM", put("style.css", b"\xef\xbb\xbf.amo-unisender { margin: 0; }")),
        ("no UTF-8", put("style.css", "/* я */".encode("cp1251"))),
    ],
    "line_ends": [("CRLF", replace("style.css", "\n", "\r\n"))],
    "unused": [
        ("picture", put("images/old.png", PNG + struct.pack(">II", 1, 1))),
        ("library", put("lib/old.js", b"define([], function () { return 1; });\n")),
    ],
}  # fmt: skip


def test_our_widget_keeps_every_rule() -> None:
    assert problems_of(good()) == []


@pytest.mark.parametrize(
    ("rule", "broken"),
    [pytest.param(rule, broken, id=f"{rule}-{what}") for rule, cases in WRONG.items() for what, broken in cases],
)
def test_a_rule_finds_what_breaks_it_and_says_where(rule: str, broken: Callable[[Files], None]) -> None:
    files = good()
    broken(files)

    found = [one for one in problems_of(files) if one.rule == rule]

    assert found
    assert all(one.file and len(one.sentence) > 20 for one in found)


def test_no_rule_is_without_an_example_that_breaks_it() -> None:
    folder = Path(str(widget_archive.__file__)).parent
    told = "".join(path.read_text(encoding="utf-8") for path in folder.glob("*.py"))
    named = set(re.findall(r'rule="(\w+)"|_problem\("(\w+)"|_at\(\w+, "(\w+)"', told))

    assert {next(filter(None, names)) for names in named} == WRONG.keys()
    assert len(set(RULES)) == len(RULES)


def test_a_widget_that_amocrm_would_refuse_is_not_built() -> None:
    with pytest.raises(MisconfiguredError, match=r"images/logo.png: the logo is missing"):
        build_widget({name: content for name, content in SOURCES.items() if name != "images/logo.png"}, EDITION)


def test_the_same_sources_make_the_same_bytes() -> None:
    archive = build_widget(SOURCES, EDITION)

    assert archive == build_widget(dict(reversed(SOURCES.items())), EDITION)
    assert unzipped(archive) == good()
    assert not [name for name in unzipped(archive) if name.startswith(("/", "script/", "widget/"))]


def test_what_was_told_is_in_it() -> None:
    files = unzipped(build_widget(SOURCES, EDITION))

    widget = json.loads(files["manifest.json"])["widget"]
    assert (widget["version"], widget["support"]) == ("1.2.3", {"link": "https://help.example.com"})
    assert b'const SERVICE = "https://sync.example.com";' in files["script.js"]


def test_every_part_of_the_script_is_used() -> None:
    assert {f"script/{part}.js" for part in SCRIPT_PARTS} == {name for name in SOURCES if name.startswith("script/")}


def test_nothing_is_drawn_as_markup() -> None:
    """The one exception is our own empty box, given to amoCRM's method."""
    script = good()["script.js"].decode()

    assert not re.findall(r"innerHTML|outerHTML|insertAdjacentHTML|\.html\(|document\.write|srcdoc", script)
    assert re.findall(r"`<[^`]*`", script) == ['`<div class="${place}"></div>`']


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_is_there_and_none_is_left_over(language: str) -> None:
    script = good()["script.js"].decode()
    read = json.loads(SOURCES[f"i18n/{language}.json"])
    named = set(re.findall(r"'(\w+)'", script))
    built = {"unlink_keep", "unlink_exclude", "unlink_erase", "language"}
    built |= {f"step_{one}" for one in Outcome.__args__}  # type: ignore[attr-defined]

    assert set(re.findall(r"say\(\s*'(\w+)'", script)) <= read["ui"].keys()
    assert set(read["ui"]) <= named | built
    assert read["ui"].keys() >= built
    assert set(read["statuses"]) == {one.value for one in AccountStatus} | {"not_linked"}


def test_texts_have_the_same_facts_in_both_languages() -> None:
    ru, en = (flat(json.loads(SOURCES[f"i18n/{language}.json"])) for language in LANGUAGES)

    assert {path: sorted(re.findall(r"\{\w+\}|#\w+#", text)) for path, text in ru.items()} == {
        path: sorted(re.findall(r"\{\w+\}|#\w+#", text)) for path, text in en.items()
    }
    assert not [
        path for path, text in ru.items() if path != "ui.language" and not re.search("[а-я]|Unisender|^{", text)
    ]


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("http://sync.example.com", "https"),
        ("sync.example.com", "https"),
        ("", "https"),
        ("https://", "bare address"),
        ("https://user@sync.example.com", "bare address"),
        ("https://sync.example.com/?x=1", "bare address"),
        ("https://localhost", "cannot reach"),
        ("https://127.0.0.1:8901", "cannot reach"),
        ("https://192.168.1.7", "cannot reach"),
        ("https://[::1]", "cannot reach"),
        ("https://crm", "cannot reach"),
        ("https://crm.local", "cannot reach"),
        ("https://пример.example.com", "internationalised"),
        ("https://xn--e1afmkfd.example.com", "internationalised"),
        ("https://demo.amocrm.ru", "amoCRM's own"),
        ("https://kommo.com", "amoCRM's own"),
        ("https://sync.example.com:port", "no address"),
    ],
)
def test_an_address_amocrm_cannot_use_is_refused_with_the_reason(address: str, why: str) -> None:
    with pytest.raises(RejectedError, match=re.escape(why)) as refused:
        widget_address(address)

    assert "https://sync.example.com" in str(refused.value)


@pytest.mark.parametrize(
    "address", ["https://sync.example.com", "https://sync.example.com:8443/amo", "https://8.8.8.8"]
)
def test_an_address_on_the_internet_is_taken(address: str) -> None:
    assert widget_address(f" {address}/ ") == address


def test_pictures_of_all_kinds_tell_their_size() -> None:
    jpeg = b"\xff\xd8\xff\xe0\x00\x04ab\xff\xc2\x00\x0b\x08" + struct.pack(">HH", 20, 30)

    assert size_of(b"GIF89a" + struct.pack("<HH", 3, 4)) == (3, 4)
    assert size_of(jpeg) == (30, 20)
    assert size_of(PNG + struct.pack(">II", 5, 6)) == (5, 6)
    assert size_of(b"BM") is None


def test_the_command_builds_the_archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    done = CliRunner().invoke(
        app,
        [
            "widget",
            "build",
            "--public-url",
            "https://sync.example.com/",
            "--support-email",
            "help@example.com",
            "--json",
        ],
    )

    told = json.loads(done.output)
    files = unzipped((tmp_path / "widget.zip").read_bytes())
    assert (done.exit_code, told["url"], problems_of(files)) == (0, "https://sync.example.com", [])
    support = json.loads(files["manifest.json"])["widget"]["support"]
    assert support == {"link": "https://sync.example.com", "email": "help@example.com"}


def test_a_higher_version_can_be_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    build = ["widget", "build", "--public-url", "https://sync.example.com", "--version"]

    assert CliRunner().invoke(app, [*build, "9.9.9"]).exit_code == 0
    wrong = CliRunner().invoke(app, [*build, "next"])

    files = unzipped((tmp_path / "widget.zip").read_bytes())
    assert json.loads(files["manifest.json"])["widget"]["version"] == "9.9.9"
    assert (wrong.exit_code, "widget.version" in wrong.output) == (2, True)


def test_the_command_says_what_is_wrong_with_the_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    done = CliRunner().invoke(app, ["widget", "build", "--public-url", "http://sync.example.com"])

    assert done.exit_code == 2
    assert "https" in done.output
    assert not (tmp_path / "widget.zip").exists()


def test_without_an_address_the_configured_one_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    settings = {"public_url": "https://crm.example.com", "security": {"encryption_keys": ["key-of-the-tests-only"]}}
    (tmp_path / "configuration.yaml").write_text(json.dumps(settings))

    done = CliRunner().invoke(app, ["widget", "build", "--output", "w.zip"])

    assert done.exit_code == 0, done.output
    assert b'"https://crm.example.com"' in unzipped((tmp_path / "w.zip").read_bytes())["script.js"]
