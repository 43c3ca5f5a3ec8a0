"""Rules of files as such: where they lie, how texts are written, and that none is left over."""

import re
from collections.abc import Iterator

from orchestrator.domain.widget_archive.manifest import manifest_of, part
from orchestrator.domain.widget_archive.pictures import LOGOS, PIPELINE_LOGO
from orchestrator.domain.widget_archive.problem import Files, Problem

TEXTS = (".json", ".js", ".css", ".twig")
BOM = b"\xef\xbb\xbf"
_PLACES = re.compile(
    r"manifest\.json|script\.js|style\.css|i18n/[a-z]{2}\.json|images/[\w.-]+|templates/[\w./-]+\.twig|lib/[\w./-]+\.js"
)


def places(files: Files) -> Iterator[Problem]:
    for name in sorted(files):
        if not _PLACES.fullmatch(name):
            yield Problem(
                rule="places",
                file=name,
                sentence="amoCRM knows manifest.json, script.js, style.css, i18n, images, templates and lib:"
                " move it there, or drop it",
            )


def encoding(files: Files) -> Iterator[Problem]:
    for name, content in sorted(files.items()):
        if not name.endswith(TEXTS):
            continue
        if content.startswith(BOM):
            yield Problem(rule="encoding", file=name, sentence="it begins with a BOM: save it as UTF-8 without one")
        if b"\r" in content:
            yield Problem(rule="line_ends", file=name, sentence="it has CR: end lines with LF alone")
        try:
            content.decode("utf-8")
        except UnicodeDecodeError as error:
            said = f"it is not UTF-8 (byte {error.start}): save it as UTF-8"
            yield Problem(rule="encoding", file=name, sentence=said)


def unused(files: Files) -> Iterator[Problem]:
    """Pictures that are no logo and that nothing names; templates and libraries that no script names."""
    pictures = part(part(manifest_of(files) or {}, "tour"), "tour_images").values()
    toured = {str(path).removeprefix("/") for paths in pictures if isinstance(paths, list) for path in paths}
    told = "\n".join(files[name].decode("utf-8", "replace") for name in files if name.endswith((".js", ".css")))
    for name in sorted(files):
        folder, _, own = name.partition("/")
        logo = own.partition(".")[0] in {*LOGOS, PIPELINE_LOGO[0]}
        if folder not in ("images", "templates", "lib") or (folder == "images" and (logo or name in toured)):
            continue
        if own not in told:
            yield Problem(rule="unused", file=name, sentence="nothing uses it: drop it")
