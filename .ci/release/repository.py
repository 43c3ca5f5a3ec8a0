"""What git knows of the repository."""

import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path


@cache
def tracked(root: Path) -> Sequence[str]:
    """Every file git keeps or would keep."""
    listed = git(root, "ls-files", "--cached", "--others", "--exclude-standard").splitlines()
    return tuple(sorted(path for path in set(listed) if (root / path).is_file()))


def last_tag(root: Path, prefix: str) -> str | None:
    """The newest tag of a component on this line of history."""
    return git(root, "describe", "--tags", "--abbrev=0", "--match", f"{prefix}*", fails="") or None


def changed_since(root: Path, tag: str, paths: Sequence[str]) -> Sequence[str]:
    return git(root, "diff", "--name-only", tag, "--", *paths).splitlines()


def git(root: Path, *arguments: str, fails: str | None = None) -> str:
    """What a command of git says. Raises CalledProcessError unless `fails` says what to answer instead."""
    done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=fails is None)  # noqa: S603, S607
    return done.stdout.strip() if done.returncode == 0 else fails or ""


def text_of(path: Path) -> str:
    """Empty for what is no text."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""
