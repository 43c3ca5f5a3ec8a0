"""Rules of pictures: the logos amoCRM asks for, in its sizes, and no file above its limit."""

import struct
from collections.abc import Iterator

from orchestrator.domain.widget_archive.manifest import areas_of, manifest_of
from orchestrator.domain.widget_archive.problem import Files, Problem

FOLDER = "images/"
MOST_BYTES = 300 * 1024
LOGOS = {
    "logo_main": (400, 272),
    "logo_small": (108, 108),
    "logo": (130, 100),
    "logo_medium": (240, 84),
    "logo_min": (84, 84),
}
"""Width and height in pixels; all five are required (amoCRM docs: integrations/structure)."""
PIPELINE_LOGO = ("logo_dp", (174, 109))
ENDINGS = ("png", "jpeg", "jpg", "gif")


def logos(files: Files) -> Iterator[Problem]:
    wanted = dict(LOGOS)
    if "digital_pipeline" in areas_of(manifest_of(files) or {}):
        wanted |= dict([PIPELINE_LOGO])
    for name, size in wanted.items():
        path = next((one for end in ENDINGS if (one := f"{FOLDER}{name}.{end}") in files), None)
        if path is None:
            said = f"the logo is missing: add a picture of {size[0]} × {size[1]} pixels"
            yield Problem(rule="logos", file=f"{FOLDER}{name}.png", sentence=said)
        elif (found := size_of(files[path])) is not None and found != size:
            said = f"it is {found[0]} × {found[1]} pixels: make it {size[0]} × {size[1]}"
            yield Problem(rule="logo_size", file=path, sentence=said)


def weight_and_kind(files: Files) -> Iterator[Problem]:
    for name, content in sorted(files.items()):
        if not name.startswith(FOLDER):
            continue
        if len(content) > MOST_BYTES:
            said = f"it has {len(content) // 1024} KB: amoCRM takes {MOST_BYTES // 1024} at most"
            yield Problem(rule="picture_weight", file=name, sentence=said)
        if name.rpartition(".")[2] not in ENDINGS or size_of(content) is None:
            yield Problem(rule="picture_kind", file=name, sentence="it is no PNG, JPEG or GIF: save it as one of these")


def size_of(content: bytes) -> tuple[int, int] | None:
    """Width and height; None for what is none of the three kinds."""
    try:
        if content.startswith(b"\x89PNG\r\n\x1a\n") and content[12:16] == b"IHDR":
            width, height = struct.unpack(">II", content[16:24])
            return width, height
        if content.startswith((b"GIF87a", b"GIF89a")):
            width, height = struct.unpack("<HH", content[6:10])
            return width, height
        return _jpeg_size(content) if content.startswith(b"\xff\xd8") else None
    except (struct.error, IndexError):
        return None


def _jpeg_size(content: bytes) -> tuple[int, int] | None:
    """Of the first frame header among the segments (ITU T.81, B.2.2)."""
    place = 2
    while content[place] == 0xFF:
        kind, length = content[place + 1], int(struct.unpack(">H", content[place + 2 : place + 4])[0])
        if 0xC0 <= kind <= 0xCF and kind not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", content[place + 5 : place + 9])
            return width, height
        place += 2 + length
    return None
