"""The files secrets.yaml of a configuration: one beside it, others in its folders."""

import os
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

import yaml

from orchestrator.config.document import BROKEN, Broken, Document
from orchestrator.config.problem import Mark
from orchestrator.config.yaml_file import UnreadableError, has_half_characters, mark_of, nodes_of

SECRETS_FILE = "secrets.yaml"


class SecretsFiles:
    """Looks secrets up, reading each file once. Its problems never repeat what a secrets file says but for names."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._read: dict[Path, Mapping[str, str | Broken] | Broken] = {}

    def look_up(self, name: str, *, beside: Path, document: Document, asked: Mark) -> str | Broken | Collection[str]:
        """The secret's text, as it was written; the names that are known when this one is not."""
        known: list[str] = []
        for folder in self._folders(beside):
            if folder not in self._read:
                self._read[folder] = self._content(folder / SECRETS_FILE, document, asked)
            secrets = self._read[folder]
            if isinstance(secrets, Broken):
                return BROKEN
            if name in secrets:
                return secrets[name]
            known += secrets
        return tuple(known)

    def _folders(self, beside: Path) -> Iterator[Path]:
        """From the file's folder up to the configuration's."""
        for folder in beside.parents:
            yield folder
            if folder == self._root:
                return

    def _content(self, path: Path, document: Document, asked: Mark) -> Mapping[str, str | Broken] | Broken:
        document.files.add(path)
        if not os.path.lexists(path):
            return {}
        try:
            node = nodes_of(path, asked=asked)
        except UnreadableError as error:
            document.problems.append(error.problem)
            return BROKEN
        if node is None:
            return {}
        if not isinstance(node, yaml.MappingNode):
            return document.complain(mark_of(node), "secrets are written as lines `name: text`: rewrite this file")
        return self._entries(node, document)

    def _entries(self, node: yaml.MappingNode, document: Document) -> Mapping[str, str | Broken]:
        found: dict[str, str | Broken] = {}
        for key, value in node.value:
            name = key.value if isinstance(key, yaml.ScalarNode) else ""
            if not isinstance(value, yaml.ScalarNode) or not name:
                found[name] = document.complain(mark_of(value), "a secret is one text: write `name: text`")
            elif not value.tag.startswith("tag:yaml.org,2002:") or has_half_characters(name + value.value):
                sentence = "YAML reads this as something else than a text: put it in quotes"
                found[name] = document.complain(mark_of(value), sentence)
            elif name in found:
                document.complain(mark_of(key), f'"{name}" is written twice: keep one of them')
            else:
                found[name] = value.value
        return found
