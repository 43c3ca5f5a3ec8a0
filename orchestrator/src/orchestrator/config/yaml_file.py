"""One YAML file: its nodes, or where and why it cannot be read."""

import re
from pathlib import Path

import yaml

from orchestrator.config.problem import Mark, Problem

_HALF_CHARACTERS = re.compile("[\ud800-\udfff]")


class UnreadableError(Exception):
    """The file cannot be read; `problem` says why and where."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


def nodes_of(path: Path, *, asked: Mark) -> yaml.Node | None:
    """The file's nodes; None when it is empty. `asked` is where somebody wants the file.

    Raises:
        UnreadableError: it is away, or no YAML.
    """
    text = _text_of(path, asked)
    try:
        loader = yaml.SafeLoader(text)
        loader.name = str(path)
        node: yaml.Node | None = loader.get_single_node()
    except yaml.reader.ReaderError as error:
        before = text[: error.position]
        raise _unreadable(_end_of(path, before), "this character is not allowed in YAML: remove it") from None
    except yaml.MarkedYAMLError as error:
        raise _unreadable(_mark_of_error(path, error), _syntax_sentence(error)) from None
    except RecursionError:
        raise _unreadable(_start_of(path), "nested too deeply: make it flatter") from None
    return node


def mark_of(node: yaml.Node) -> Mark:
    """Where a node begins."""
    start = node.start_mark
    return Mark(file=Path(start.name), line=start.line + 1, column=start.column + 1)


def has_half_characters(text: str) -> bool:
    """Whether YAML escapes made what no file can hold."""
    return bool(_HALF_CHARACTERS.search(text))


def _text_of(path: Path, asked: Mark) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = error.object[: error.start].decode("utf-8-sig")
        raise _unreadable(_end_of(path, before), "this is not UTF-8: save the file in UTF-8") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "not a file name"
        sentence = f"{path} cannot be read ({reason.lower()}): create it, or correct its name or its permissions"
        raise _unreadable(asked, sentence) from None


def _unreadable(mark: Mark, sentence: str) -> UnreadableError:
    return UnreadableError(Problem(mark=mark, sentence=sentence))


def _start_of(path: Path) -> Mark:
    return Mark(file=path, line=1, column=1)


def _end_of(path: Path, text: str) -> Mark:
    return Mark(file=path, line=text.count("\n") + 1, column=len(text) - text.rfind("\n"))


def _mark_of_error(path: Path, error: yaml.MarkedYAMLError) -> Mark:
    # What is scanned began where the mistake was made; what is parsed is wrong where it stops.
    scanned = (error.context or "").startswith("while scanning") and error.context_mark
    mark = error.context_mark if scanned else error.problem_mark
    return Mark(file=path, line=mark.line + 1, column=mark.column + 1) if mark else _start_of(path)


def _syntax_sentence(error: yaml.MarkedYAMLError) -> str:
    said = " ".join(part for part in (error.context, error.problem) if part)
    if "\\t" in said:
        return "a tab begins here: indent with spaces"
    if any(word in said for word in ("alias", "anchor", "tag", "directive", "cannot start any token")):
        # What PyYAML says would repeat the text, and a secret may begin with such a sign.
        return "YAML reads one of * & ! % @ ` here as a sign of its own: put the text in quotes"
    if "mapping values are not allowed" in said:
        return "a second colon, or keys that do not line up: put the text in quotes, or correct the indentation"
    if "single document" in said:
        return "a second document begins here: keep one, without ---"
    return f"YAML cannot be read on from here ({said}): look for an open quote or bracket, or a wrong indentation"
