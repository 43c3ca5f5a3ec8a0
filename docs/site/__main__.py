"""Writes the site's sources into a folder, or looks over the finished site.

usage: python -m docs.site write FOLDER | look FOLDER
"""

import shutil
import sys
from pathlib import Path

from docs.site.grpc_reference import described, grpc_reference
from docs.site.http_reference import http_reference, openapi
from docs.site.links import BrokenLinkError, rewritten
from docs.site.offline import fetched_from_elsewhere
from docs.site.pages import pages

ROOT = Path(__file__).parents[2]
PROTO = ROOT / "orchestrator" / "proto" / "orchestrator" / "v1" / "orchestrator.proto"


def write(folder: Path) -> list[str]:
    """Answers what is wrong with the pages."""
    shutil.rmtree(folder, ignore_errors=True)
    shown = pages(ROOT)
    broken = []
    for source, page in shown.items():
        target = folder / page
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.suffix != ".md":
            shutil.copyfile(ROOT / source, target)
            continue
        try:
            text = (ROOT / source).read_text()
            target.write_text(rewritten(text, source=source, shown=shown, exists=lambda path: (ROOT / path).exists()))
        except BrokenLinkError as error:
            broken.append(str(error))
    reference = folder / "reference"
    reference.mkdir()
    (reference / "http.md").write_text(http_reference(openapi()))
    (reference / "grpc.md").write_text(grpc_reference(described(PROTO)))
    return broken


def look(folder: Path) -> list[str]:
    return list(fetched_from_elsewhere(folder))


problems = (write if sys.argv[1] == "write" else look)(Path(sys.argv[2]))
for problem in problems:
    print(f"docs: {problem}", file=sys.stderr)  # noqa: T201
sys.exit(1 if problems else 0)
