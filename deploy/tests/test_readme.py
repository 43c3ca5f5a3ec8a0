"""What the README tells people to type with docker works as typed."""

import re
import subprocess
from pathlib import Path

from built_images import ROOT, Image
from sandbox.demo.sandbox_control import running

README = (ROOT / "README.md").read_text()
FENCE = re.compile(r"(?:^`(?P<file>[\w/.]+)`:\n\n)?^```(?P<language>\w+)\n(?P<code>.*?)^```$", re.DOTALL | re.MULTILINE)


def section(title: str) -> str:
    return README.split(f"## {title}\n")[1].split("\n## ", maxsplit=1)[0]


def test_connectors_run_by_docker_as_written(tmp_path: Path, images: dict[str, Image]) -> None:
    with running("--contacts", "100", "--rate-limits", "off") as sandbox:
        (tmp_path / "config").mkdir()
        for block in FENCE.finditer(section("By hand, with pipes")):
            if block["file"]:
                content = block["code"].replace("http://127.0.0.1:8900", sandbox.url)
                (tmp_path / block["file"]).write_text(content)
        script = "".join(block["code"] for block in FENCE.finditer(section("By `docker run`")))
        done = subprocess.run(["bash", "-euo", "pipefail", "-c", script], cwd=tmp_path, capture_output=True, text=True)

        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
        assert '"status":"SUCCEEDED"' in done.stdout
        assert list(sandbox.pages("unisender/sandbox-key/contacts", "contacts"))
