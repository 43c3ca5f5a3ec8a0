"""One tree of plain values that knows where each was written, made from the nodes of YAML files."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from orchestrator.config.problem import Mark, Problem
from orchestrator.config.yaml_file import has_half_characters, mark_of

DEEPEST = 40
MOST_VALUES = 100_000
"""More is an alias bomb, not a configuration."""

Place = tuple[str | int, ...]
"""The way to a value: keys and indexes."""

_STANDARD = "tag:yaml.org,2002:"
_MERGE = f"{_STANDARD}merge"
_TOO_MUCH = "it contains itself, or too much: write it without this alias or nesting"
_TEXTS = {"str", "timestamp", "value", "merge"}


class Broken:
    """Stands where a value could not be read; the problem is told already."""

    def __repr__(self) -> str:
        return "BROKEN"


BROKEN = Broken()


@dataclass(slots=True, kw_only=True)
class Document:
    """What the files say together."""

    data: Any = None
    keys: dict[Place, Mark] = field(default_factory=dict)
    """Where each key was written."""
    values: dict[Place, Mark] = field(default_factory=dict)
    """Where each value was written; of a secret the place of its tag."""
    broken: set[Place] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)
    files: set[Path] = field(default_factory=set)
    """Every file and folder that was looked at, also those that are missing."""

    def complain(self, mark: Mark, sentence: str, *, at: Place | None = None) -> Broken:
        """Note a problem; the value `at` a place is lost by it."""
        self.problems.append(Problem(mark=mark, sentence=sentence))
        if at is not None:
            self.broken.add(at)
        return BROKEN

    def mark_of(self, place: Place, *, key: bool = False) -> Mark:
        """Where this was written, or else the nearest thing around it."""
        if key and place in self.keys:
            return self.keys[place]
        return next(
            self.values[place[:length]] for length in range(len(place), -1, -1) if place[:length] in self.values
        )


Tag = Callable[["Builder", yaml.Node, Place], Any]


class Builder:
    """Turns YAML nodes into plain values; what a tag means is told by `tags`."""

    def __init__(self, document: Document, tags: Mapping[str, Tag]) -> None:
        self.document = document
        self._tags = tags
        self._budget = MOST_VALUES
        self._inside: set[int] = set()
        plain = yaml.constructor.SafeConstructor()
        self._constructors: Mapping[str, Callable[[yaml.ScalarNode], Any]] = {
            "null": lambda _: None,
            "bool": plain.construct_yaml_bool,
            "int": plain.construct_yaml_int,
            "float": plain.construct_yaml_float,
        }
        self._open_files: set[str] = set()

    @contextmanager
    def opened(self, files: Iterable[Path]) -> Iterator[None]:
        """While their content is built: what includes one of them again goes in a circle."""
        fresh = {os.path.realpath(path) for path in files} - self._open_files
        self._open_files |= fresh
        try:
            yield
        finally:
            self._open_files -= fresh

    def is_open(self, path: Path) -> bool:
        return os.path.realpath(path) in self._open_files

    def build(self, node: yaml.Node, at: Place) -> Any:
        """The plain value of a node, its places noted."""
        mark = self.document.values[at] = mark_of(node)
        if not self._spend(mark):
            self.document.broken.add(at)
            return BROKEN
        if len(at) > DEEPEST or id(node) in self._inside:
            return self.document.complain(mark, _TOO_MUCH, at=at)
        if node.tag in self._tags:
            return self._tags[node.tag](self, node, at)
        self._inside.add(id(node))
        try:
            return self._plain(node, at)
        finally:
            self._inside.discard(id(node))

    def _spend(self, mark: Mark) -> bool:
        """Whether there is room for one more value."""
        self._budget -= 1
        if self._budget == -1:
            self.document.complain(mark, _TOO_MUCH)
        return self._budget >= 0

    def _plain(self, node: yaml.Node, at: Place) -> Any:
        kind = node.tag.removeprefix(_STANDARD)
        match node:
            case yaml.MappingNode() if kind == "map":
                return self._mapping(node, at)
            case yaml.SequenceNode() if kind == "seq":
                return [self.build(item, (*at, index)) for index, item in enumerate(node.value)]
            case yaml.ScalarNode() if kind in _TEXTS or kind in self._constructors:
                return self._scalar(node, kind, at)
        # The tag is not repeated: a password that begins with "!" looks like one.
        sentence = f"unknown tag: use one of {', '.join(self._tags)}, or put a text that begins with ! in quotes"
        return self.document.complain(mark_of(node), sentence, at=at)

    def _mapping(self, node: yaml.MappingNode, at: Place) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key_node, value_node, merged in self._entries(node):
            mark = mark_of(key_node)
            if not _is_plain_text(key_node):
                self.document.complain(mark, "a key must be a plain text: rewrite it")
                continue
            key = key_node.value
            if key not in found:
                self.document.keys[*at, key] = mark
                found[key] = self.build(value_node, (*at, key))
            elif not merged:
                first = self.document.keys[*at, key]
                where = f"line {first.line}" if first.file == mark.file else str(first)
                self.document.complain(mark, f'"{key}" is written twice, first in {where}: keep one of them')
        return found

    def _entries(
        self, node: yaml.MappingNode, outer: tuple[yaml.Node, ...] = ()
    ) -> Iterator[tuple[yaml.Node, yaml.Node, bool]]:
        """Keys and values, then those taken over by `<<` (True): they yield to written ones."""
        merges: list[yaml.Node] = []
        for key_node, value_node in node.value:
            if key_node.tag == _MERGE:
                merges += value_node.value if isinstance(value_node, yaml.SequenceNode) else [value_node]
            else:
                yield key_node, value_node, False
        for source in merges:
            if not isinstance(source, yaml.MappingNode) or source in (*outer, node):
                self.document.complain(mark_of(source), "<< takes over other mappings only: name one by *alias")
                continue
            if self._budget < 0:
                return
            for key_node, value_node, _ in self._entries(source, (*outer, node)):
                if not self._spend(mark_of(source)):
                    return
                yield key_node, value_node, True

    def _scalar(self, node: yaml.ScalarNode, kind: str, at: Place) -> Any:
        try:
            if kind in self._constructors:
                return self._constructors[kind](node)
        except (ValueError, KeyError, IndexError, OverflowError):
            sentence = f"this is no {kind}: correct it, or put it in quotes if it is a text"
            return self.document.complain(mark_of(node), sentence, at=at)
        if has_half_characters(node.value):
            return self.document.complain(mark_of(node), "half a character is written here: rewrite it", at=at)
        return node.value


def _is_plain_text(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.tag.startswith(_STANDARD) and not has_half_characters(node.value)
