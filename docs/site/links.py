"""Links between files of the repository become links between pages of the site."""

import posixpath
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import PurePosixPath

LINK = re.compile(r"\[(?P<text>[^\[\]]*)\]\((?P<target>[^()\s]+)\)")
FENCE = re.compile(r"^(?:```|~~~)")
ABROAD = re.compile(r"^(?:[a-z][a-z+.-]*:|#|/)")


class BrokenLinkError(Exception):
    """A link leads to nothing in the repository."""


def rewritten(
    text: str,
    *,
    source: PurePosixPath,
    shown: Mapping[PurePosixPath, PurePosixPath],
    exists: Callable[[PurePosixPath], bool],
) -> str:
    """The page `source` with links as the site needs them.

    A link to a file that the site does not show, such as code, becomes the file's path: the site may be read where the
    repository is not. Raises BrokenLinkError for a link to a file that does not exist, naming its line.
    """
    here = shown[source].parent

    def replaced(link: re.Match[str]) -> str:
        target, hash_sign, anchor = link["target"].partition("#")
        if ABROAD.match(link["target"]):
            return link[0]
        path = PurePosixPath(posixpath.normpath(source.parent / target))
        if path in shown:
            there = posixpath.relpath(shown[path], here)
            return f"[{link['text']}]({there}{hash_sign}{anchor})"
        if not exists(path):
            raise BrokenLinkError(f"leads nowhere: {link['target']}")
        return f"{link['text']} (`{path}`)" if str(path) not in link["text"] else link["text"]

    return "".join(_line_by_line(text, replaced, source))


def _line_by_line(text: str, replaced: Callable[[re.Match[str]], str], source: PurePosixPath) -> Iterator[str]:
    fenced = False
    for number, line in enumerate(text.splitlines(keepends=True), start=1):
        if FENCE.match(line.lstrip()):
            fenced = not fenced
        try:
            yield line if fenced else LINK.sub(replaced, line)
        except BrokenLinkError as error:
            raise BrokenLinkError(f"{source}:{number}: {error}") from None
