"""Which file of the repository becomes which page of the site. Each is written once, where readers of the code look."""

from collections.abc import Mapping
from pathlib import Path, PurePosixPath

ELSEWHERE = {
    "README.md": "index.md",
    "README.ru.md": "ru/index.md",
    "CHANGELOG.md": "changelog.md",
    "source-amocrm/BEHAVIOR.md": "connectors/source-amocrm-behavior.md",
    "source-amocrm/CHANGELOG.md": "connectors/source-amocrm-changelog.md",
    "destination-unisender/BEHAVIOR.md": "connectors/destination-unisender-behavior.md",
    "destination-unisender/CHANGELOG.md": "connectors/destination-unisender-changelog.md",
    "sandbox/README.md": "sandbox.md",
    "sandbox/docs/unisender.md": "sandbox-unisender.md",
}
"""Pages that live outside `docs`, and where the site shows them."""

KINDS = {".md", ".svg", ".png", ".jpg", ".webp"}


def pages(root: Path) -> Mapping[PurePosixPath, PurePosixPath]:
    """Every file the site shows: from its path in the repository to its path in the site.

    `page.ru.md` is the Russian twin of `page.md`; the site shows it under `ru/`.
    """
    found = {PurePosixPath(source): PurePosixPath(shown) for source, shown in ELSEWHERE.items()}
    for path in sorted((root / "docs").rglob("*")):
        if path.suffix in KINDS:
            inside = PurePosixPath(path.relative_to(root / "docs").as_posix())
            found[PurePosixPath("docs") / inside] = _russian(inside) if inside.stem.endswith(".ru") else inside
    return found


def _russian(page: PurePosixPath) -> PurePosixPath:
    return PurePosixPath("ru") / page.with_name(page.name.replace(".ru.", "."))
