"""The widget's archive as bytes: checked by amoCRM's rules, and the same bytes from the same sources."""

import io
import zipfile
from collections.abc import Mapping

from orchestrator.domain.errors import MisconfiguredError
from orchestrator.domain.widget_archive.assembling import Edition, assembled
from orchestrator.domain.widget_archive.problem import Files
from orchestrator.domain.widget_archive.rules import problems_of

BEGINNING = (1980, 1, 1, 0, 0, 0)
"""The oldest time an archive can tell: with the real one no two would be alike."""
READABLE = 0o644
UNIX = 3


def build_widget(sources: Mapping[str, bytes], edition: Edition) -> bytes:
    """Raises MisconfiguredError, naming every rule that is broken."""
    files = assembled(sources, edition)
    if problems := problems_of(files):
        raise MisconfiguredError(f"amoCRM would refuse this widget: {'; '.join(map(str, problems))}.")
    return zipped(files)


def zipped(files: Files) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, BEGINNING)
            entry.compress_type, entry.create_system = zipfile.ZIP_DEFLATED, UNIX
            entry.external_attr = READABLE << 16
            archive.writestr(entry, files[name])
    return held.getvalue()


def unzipped(archive: bytes) -> Files:
    """Its files by name; folders are none."""
    with zipfile.ZipFile(io.BytesIO(archive)) as held:
        return {one.filename: held.read(one) for one in held.infolist() if not one.is_dir()}
