"""What pages tell people to type, typed: files written, commands run, in a folder of its own."""

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from throwaway_servers import end

ROOT = Path(__file__).parents[2]
FENCE = re.compile(
    r"(?:^`(?P<file>[\w/.-]+)`:\n\n)?^```(?P<language>\w+)\n(?P<code>.*?)^```$", re.DOTALL | re.MULTILINE
)


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced part of a page; `file` when the line above names one."""

    language: str
    code: str
    file: str | None = None


def section(page: str, title: str) -> str:
    """What stands under a heading, down to the next one of its rank."""
    text = (ROOT / page).read_text()
    marks, after = re.split(rf"^(#+) {re.escape(title)}\n", text, maxsplit=1, flags=re.MULTILINE)[1:]
    return re.split(rf"^#{{1,{len(marks)}}} ", after, maxsplit=1, flags=re.MULTILINE)[0]


def blocks(page: str, title: str) -> list[Block]:
    found = FENCE.finditer(section(page, title))
    return [Block(language=one["language"], code=one["code"], file=one["file"]) for one in found]


class Desk:
    """Somebody who follows pages. `here` tells what is different for them: an address, a name, a port."""

    def __init__(self, folder: Path, here: Mapping[str, str]) -> None:
        self.folder, self._here = folder, dict(here)
        self._server: subprocess.Popen[bytes] | None = None
        bin_folder = str(Path(sys.executable).parent)
        self._environment = {**os.environ, "PATH": f"{bin_folder}:{os.environ['PATH']}"}

    def write(self, block: Block) -> None:
        assert block.file is not None
        (self.folder / block.file).write_text(self._as_here(block.code))

    def run(self, code: str, *, answers: str = "") -> str:
        """What the commands say. One that is sent to the background goes on until `stop`."""
        lines = []
        for line in self._as_here(code).splitlines():
            if line.endswith(" &"):
                self._start(line.removesuffix(" &"))
            else:
                lines.append(line)
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", "\n".join(lines)],
            cwd=self.folder, env=self._environment, input=answers, capture_output=True, text=True, timeout=120,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:] + self.log()
        return done.stdout + done.stderr

    def stop(self) -> None:
        if self._server is not None:
            end(self._server)
        self._server = None

    def log(self) -> str:
        path = self.folder / "background.log"
        return path.read_text()[-2000:] if path.exists() else ""

    def _start(self, command: str) -> None:
        with (self.folder / "background.log").open("ab") as log:
            self._server = subprocess.Popen(
                command.split(), cwd=self.folder, env=self._environment, stdout=log, stderr=log
            )

    def _as_here(self, code: str) -> str:
        for before, after in self._here.items():
            code = code.replace(before, after)
        return code
