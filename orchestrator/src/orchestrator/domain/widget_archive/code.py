"""Rules of script and style: what amoCRM's moderation refuses (amoCRM docs: integrations/requirements).

Texts are searched, not parsed: a rule may be stricter than amoCRM's people, never laxer on purpose.
"""

import re
from collections.abc import Iterator

from orchestrator.domain.widget_archive.manifest import areas_of, manifest_of
from orchestrator.domain.widget_archive.problem import Files, Problem

SCRIPT, STYLE = "script.js", "style.css"
CALLBACKS = ("render", "init", "bind_actions", "onSave", "destroy")
"""Always needed; pages of settings need theirs beside."""
LONGEST_LINE = 200
_FORBIDDEN = {
    r"\beval\s*\(": "eval",
    r"\bnew\s+Function\b": "new Function",
    r"(?<![\w.])alert\s*\(": "alert",
    r"(?<![\w.])confirm\s*\(": "confirm",
    r"\bwindow\.(?:alert|confirm)\b": "window.alert or window.confirm",
    r"\bconsole\.(?:log|info|warn|error)\b": "console.log (console.debug is allowed)",
    r"\bdocument\.write\b": "document.write",
}
_GLOBAL = re.compile(r"\b(?:window|globalThis|APP|AMOCRM)(?:\.\w+)+\s*=(?!=)")
_CODE_IN_COMMENT = re.compile(r"^\s*//.*(?:[;{]|\)\s*=>.*)\s*$", re.MULTILINE)
_SELECTORS = re.compile(r"([^{}]+)\{")
_FIRST_CLASS = re.compile(r"\.(-?[_a-zA-Z][\w-]*)")


def module(files: Files) -> Iterator[Problem]:
    text = _text(files, SCRIPT)
    if text is None:
        yield _problem("script", "it is missing at the root of the archive")
        return
    if not re.search(r"^\s*define\(\s*\[", text, re.MULTILINE):
        yield _problem("script", "it must be an AMD module: define(['jquery'], function ($) { … })")
    areas = areas_of(manifest_of(files) or {})
    wanted = [*CALLBACKS, *(["settings"] if "settings" in areas else [])]
    wanted += ["advancedSettings"] if "advanced_settings" in areas else []
    wanted += ["dpSettings"] if "digital_pipeline" in areas else []
    for name in wanted:
        if not re.search(rf"^\s*['\"]?{name}['\"]?\s*(?:\([^)]*\)\s*\{{|:\s*[\w(])", text, re.MULTILINE):
            yield _problem("callbacks", f"the callback {name} is missing: add it to this.callbacks")


def moderation(files: Files) -> Iterator[Problem]:
    for name in sorted(files):
        if not name.endswith(".js"):
            continue
        text = _text(files, name) or ""
        for pattern, called in _FORBIDDEN.items():
            if found := re.search(pattern, text):
                yield _at(name, "forbidden_call", text, found.start(), f"amoCRM does not allow {called}: take it out")
        if found := _GLOBAL.search(text):
            yield _at(name, "globals", text, found.start(), "it writes to a global: keep it inside the module")
        if found := _CODE_IN_COMMENT.search(text):
            yield _at(name, "commented_code", text, found.start(), "this looks like code in a comment: take it out")
        longest = max(text.splitlines(), key=len, default="")
        if len(longest) > LONGEST_LINE:
            said = f"a line has {len(longest)} characters: amoCRM takes no minified code"
            yield _at(name, "minified", text, text.index(longest), said)


def style(files: Files) -> Iterator[Problem]:
    text = _text(files, STYLE)
    if text is None:
        return
    bare = re.sub(r"/\*.*?\*/", lambda found: re.sub(r"[^\n]", " ", found[0]), text, flags=re.DOTALL)
    prefixes: set[str] = set()
    for found in _SELECTORS.finditer(bare):
        for selector in found[1].split(","):
            if not selector.strip() or selector.strip().startswith("@"):
                continue
            first = _FIRST_CLASS.match(selector.strip())
            if first is None:
                said = f"{selector.strip()} touches amoCRM's own elements: begin with a class of the widget"
                yield _at(STYLE, "class_prefix", text, found.start(1) + 1, said)
            else:
                prefixes.add(re.split(r"__|_|--", first[1])[0])
    if len(prefixes) > 1:
        said = f"all classes must begin alike, with a prefix nobody else uses; found {', '.join(sorted(prefixes))}"
        yield Problem(rule="class_prefix", file=STYLE, sentence=said)


def _text(files: Files, name: str) -> str | None:
    return files[name].decode("utf-8", errors="replace") if name in files else None


def _problem(rule: str, sentence: str) -> Problem:
    return Problem(rule=rule, file=SCRIPT, sentence=sentence)


def _at(name: str, rule: str, text: str, place: int, sentence: str) -> Problem:
    line = text.count("\n", 0, place) + 1
    return Problem(rule=rule, file=name, sentence=f"line {line}: {sentence}")
