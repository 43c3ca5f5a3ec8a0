"""Rules of texts: a file for each language, all of one shape, and every text the manifest names is there."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from orchestrator.domain.widget_archive.manifest import MANIFEST, languages_of, manifest_of, part
from orchestrator.domain.widget_archive.problem import Files, Problem

FOLDER = "i18n/"
KNOWN = ("ru", "en", "es", "pt")


def files_match_manifest(files: Files) -> Iterator[Problem]:
    named = languages_of(manifest_of(files) or {})
    if not named:
        yield Problem(rule="locale", file=MANIFEST, sentence="widget.locale must name the languages, such as ru and en")
    for language in named:
        if language not in KNOWN:
            yield Problem(rule="locale", file=MANIFEST, sentence=f"amoCRM has no language {language!r}")
        if f"{FOLDER}{language}.json" not in files:
            said = f"widget.locale names {language}: add this file, or take the language out"
            yield Problem(rule="locale", file=f"{FOLDER}{language}.json", sentence=said)
    for name in _names(files):
        if name.removeprefix(FOLDER).removesuffix(".json") not in named:
            yield Problem(rule="locale", file=name, sentence="widget.locale does not name it: add it there, or drop it")


def one_shape(files: Files) -> Iterator[Problem]:
    texts: dict[str, dict[str, str]] = {}
    for name in _names(files):
        read = _read(files[name])
        if read is None:
            yield Problem(rule="i18n_readable", file=name, sentence="it is no JSON object of texts: correct it")
            continue
        texts[name] = flat(read)
        for path, text in texts[name].items():
            if not text.strip():
                yield Problem(rule="i18n_empty", file=name, sentence=f"{path} is empty: write the text")
    everywhere = {path for known in texts.values() for path in known}
    for name, known in texts.items():
        for path in sorted(everywhere - known.keys()):
            yield Problem(rule="i18n_shape", file=name, sentence=f"{path} is missing: other languages have it")


def named_texts(files: Files) -> Iterator[Problem]:
    paths = sorted(_named(manifest_of(files) or {}))
    for name in _names(files):
        known = flat(_read(files[name]) or {})
        for where, path in paths:
            if path not in known:
                said = f"{where} in the manifest names the text {path!r}, which is not here"
                yield Problem(rule="i18n_named", file=name, sentence=said)


def flat(texts: Mapping[str, Any], before: str = "") -> dict[str, str]:
    """`widget.name` to its text; what is neither text nor object counts as empty."""
    found: dict[str, str] = {}
    for key, value in texts.items():
        if isinstance(value, dict):
            found |= flat(value, f"{before}{key}.")
        else:
            found[f"{before}{key}"] = value if isinstance(value, str) else ""
    return found


def _named(manifest: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name in ("name", "description", "short_description"):
        yield f"widget.{name}", str(part(manifest, "widget").get(name) or "")
    yield "tour.tour_description", str(part(manifest, "tour").get("tour_description") or "")
    if title := part(manifest, "advanced").get("title"):
        yield "advanced.title", str(title)
    for block, fields in (("settings", part(manifest, "settings")), ("dp", part(part(manifest, "dp"), "settings"))):
        for code, field in fields.items():
            yield f"{block}.{code}.name", str(field.get("name") or "") if isinstance(field, dict) else ""


def _names(files: Files) -> list[str]:
    return sorted(name for name in files if name.startswith(FOLDER) and name.endswith(".json"))


def _read(content: bytes) -> Mapping[str, Any] | None:
    try:
        read = json.loads(content)
    except ValueError:
        return None
    return read if isinstance(read, dict) else None
