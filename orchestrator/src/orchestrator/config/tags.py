"""The tags of a configuration file, as Home Assistant has them: `!secret`, `!env_var`, `!include` and its relatives."""

import os
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import yaml

from orchestrator.config.document import BROKEN, Broken, Builder, Place, Tag
from orchestrator.config.problem import Mark
from orchestrator.config.secrets_files import SECRETS_FILE, SecretsFiles
from orchestrator.config.yaml_file import UnreadableError, has_half_characters, mark_of, nodes_of


class Tags:
    """What the tags mean for one configuration. Nothing may lead out of the folder `root`."""

    def __init__(self, root: Path, environment: Mapping[str, str]) -> None:
        self._root = root
        self._environment = environment
        self._secrets = SecretsFiles(root)

    def table(self) -> Mapping[str, Tag]:
        return {
            "!secret": self._secret,
            "!env_var": self._env_var,
            "!include": self._include,
            "!include_dir_merge_named": self._include_dir_merge_named,
            "!include_dir_merge_list": self._include_dir_merge_list,
        }

    def _secret(self, builder: Builder, node: yaml.Node, at: Place) -> Any:
        """The text of a name in secrets.yaml, looked up beside the file, then above it."""
        document, mark = builder.document, mark_of(node)
        name = _text_of(builder, node, at, example="!secret my_password")
        if name is None:
            return BROKEN
        found = self._secrets.look_up(name, beside=mark.file, document=document, asked=mark)
        if isinstance(found, str):
            return found
        if isinstance(found, Broken):
            document.broken.add(at)
            return BROKEN
        close = get_close_matches(name, found, n=1)
        advice = f"did you mean {close[0]}?" if close else f"add the line `{name}: …` to {self._root / SECRETS_FILE}"
        return document.complain(mark, f"no {SECRETS_FILE} has {name}: {advice}", at=at)

    def _env_var(self, builder: Builder, node: yaml.Node, at: Place) -> Any:
        """The text of an environment variable, or what follows its name."""
        document, mark = builder.document, mark_of(node)
        text = _text_of(builder, node, at, example="!env_var PORT 8901")
        if text is None:
            return BROKEN
        name, *default = text.split(None, 1)
        value = self._environment.get(name, *default)
        if value is None:
            sentence = f"the environment has no {name}: set it, or write a default after the name"
            return document.complain(mark, sentence, at=at)
        if has_half_characters(value):
            return document.complain(mark, f"{name} of the environment is not UTF-8: correct it", at=at)
        return value

    def _include(self, builder: Builder, node: yaml.Node, at: Place) -> Any:
        path = self._path(builder, node, at, example="!include parts/logging.yaml")
        if path is None:
            return BROKEN
        content = self._content(builder, path, mark_of(node))
        if isinstance(content, Broken):
            builder.document.broken.add(at)
        if not isinstance(content, yaml.Node):
            return content
        with builder.opened([path]):
            return builder.build(content, at)

    def _include_dir_merge_named(self, builder: Builder, node: yaml.Node, at: Place) -> Any:
        """The mappings of every file of a folder, as one."""
        return self._merged(builder, node, at, kind=yaml.MappingNode)

    def _include_dir_merge_list(self, builder: Builder, node: yaml.Node, at: Place) -> Any:
        """The lists of every file of a folder, one after another."""
        return self._merged(builder, node, at, kind=yaml.SequenceNode)

    def _merged(
        self, builder: Builder, node: yaml.Node, at: Place, *, kind: type[yaml.MappingNode | yaml.SequenceNode]
    ) -> Any:
        folder = self._path(builder, node, at, example=f"{node.tag} parts")
        if folder is None:
            return BROKEN
        tag, what = ("map", "a mapping (key: value)") if kind is yaml.MappingNode else ("seq", "a list (- item)")
        files = self._files_of(builder, folder, node, at)
        together: list[Any] = []
        for path in files:
            content = self._content(builder, path, mark_of(node))
            if isinstance(content, kind):
                together += content.value
            elif isinstance(content, yaml.Node):
                builder.document.complain(mark_of(content), f"{node.tag} needs {what} in each file: rewrite this one")
        joined = kind(f"tag:yaml.org,2002:{tag}", together, node.start_mark, node.end_mark)
        with builder.opened(files):
            return builder.build(joined, at)

    def _files_of(self, builder: Builder, folder: Path, node: yaml.Node, at: Place) -> Sequence[Path]:
        builder.document.files.add(folder)
        if not os.path.isdir(folder):  # noqa: PTH112 - Path.is_dir raises for a name that is too long
            sentence = f"there is no folder {folder}: create it or correct its name"
            builder.document.complain(mark_of(node), sentence, at=at)
            return ()
        found = [
            path
            for path in sorted(folder.rglob("*.yaml"))
            if path.name != SECRETS_FILE and not any(part.startswith(".") for part in path.relative_to(folder).parts)
        ]
        builder.document.files.update(path.parent for path in found)
        return found

    def _content(self, builder: Builder, path: Path, asked: Mark) -> yaml.Node | Broken | None:
        """The nodes of an included file; None when it is empty."""
        document = builder.document
        document.files.add(path)
        if builder.is_open(path):
            return document.complain(asked, f"{path} would include itself: take this line away")
        try:
            return nodes_of(path, asked=asked)
        except UnreadableError as error:
            document.problems.append(error.problem)
            return BROKEN

    def _path(self, builder: Builder, node: yaml.Node, at: Place, *, example: str) -> Path | None:
        """What a tag names, as seen from the file it stands in; symbolic links are left alone."""
        name, mark = _text_of(builder, node, at, example=example), mark_of(node)
        if name is None:
            return None
        path = Path(os.path.normpath(mark.file.parent / name))
        if Path(os.path.relpath(path, self._root)).parts[:1] == ("..",):
            sentence = f"{name} leads out of the configuration's folder: move it into {self._root}"
            builder.document.complain(mark, sentence, at=at)
            return None
        return path


def _text_of(builder: Builder, node: yaml.Node, at: Place, *, example: str) -> str | None:
    """The text behind a tag."""
    text = node.value if isinstance(node, yaml.ScalarNode) else ""
    if not text.strip() or "\0" in text or has_half_characters(text):
        builder.document.complain(mark_of(node), f"this tag takes a name: {example}", at=at)
        return None
    return text
