"""A change of the configuration files takes effect without a restart; a mistake in them leaves everything as it was."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any

from orchestrator.config.loading import Loaded
from orchestrator.config.problem import ConfigurationError, Problem
from orchestrator.config.settings import Settings

LIVE = (
    "integrations", "connections", "connection_defaults", "http.tokens", "security.admin_password", "logging.level",
)  # fmt: skip
"""Keys that take effect at once; others need a restart."""

Fingerprint = Mapping[Path, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reload:
    """What a change of the files came to. With problems the settings are the ones that held before."""

    settings: Settings
    problems: tuple[Problem, ...] = ()
    changed: tuple[str, ...] = ()
    """Keys that are different now."""
    restart_needed: tuple[str, ...] = ()
    """Those of them that take effect with the next start only."""


class Reloader:
    """Looks at the files from time to time, or when asked (SIGHUP). `settings` are always the last good ones."""

    def __init__(self, loaded: Loaded, *, load: Callable[[], Loaded], tell: Callable[[Reload], None]) -> None:
        self.settings = loaded.settings
        self._load = load
        self._tell = tell
        self._known = self._seen = fingerprint(loaded.files)
        self._asked = Event()

    def ask(self) -> None:
        """Read the files at the next look, whether they changed or not. May be called by a signal handler."""
        self._asked.set()

    def look(self) -> Reload | None:
        """Read the files again if they changed and rest since the last look; None when there is nothing to tell."""
        before, self._seen = self._seen, fingerprint(self._known)
        asked = self._asked.is_set()
        if not asked and (self._seen == self._known or self._seen != before):
            return None
        self._asked.clear()
        found = self._read()
        self._tell(found)
        return found

    def run(self, stop: Event, *, every_seconds: float = 2.0) -> None:
        """Look until told to stop."""
        while not stop.is_set():
            self._asked.wait(every_seconds)
            if not stop.is_set():
                self.look()

    def _read(self) -> Reload:
        try:
            loaded = self._load()
        except ConfigurationError as error:
            self._known = self._seen = fingerprint(error.files or self._known)
            return Reload(settings=self.settings, problems=error.problems)
        self._known = self._seen = fingerprint(loaded.files)
        changed = tuple(_differences(self.settings.model_dump(), loaded.settings.model_dump()))
        self.settings = loaded.settings
        return Reload(
            settings=loaded.settings,
            changed=changed,
            restart_needed=tuple(name for name in changed if not _is_live(name)),
        )


def fingerprint(files: Iterable[Path]) -> Fingerprint:
    """Tells whether any of the files changed, came or went; of folders, what is in them."""
    return {path: _print_of(path) for path in files}


def _print_of(path: Path) -> object:
    try:
        if path.is_dir():
            return tuple(sorted(os.listdir(path)))  # noqa: PTH208 - names are all that is needed
        status = path.stat()
    except (OSError, ValueError):
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


def _differences(old: Mapping[str, Any], new: Mapping[str, Any], above: str = "") -> Iterator[str]:
    for key in old.keys() | new.keys():
        before, after = old.get(key), new.get(key)
        if isinstance(before, Mapping) and isinstance(after, Mapping):
            yield from _differences(before, after, f"{above}{key}.")
        elif before != after:
            yield f"{above}{key}"


def _is_live(name: str) -> bool:
    return any(name == live or name.startswith(f"{live}.") for live in LIVE)
