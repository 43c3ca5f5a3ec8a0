"""What the README tells people to type works as typed."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.demo.sandbox_control import SandboxControl
from throwaway_servers import free_port

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
FENCE = re.compile(r"(?:^`(?P<file>[\w/.]+)`:\n\n)?^```(?P<language>\w+)\n(?P<code>.*?)^```$", re.DOTALL | re.MULTILINE)


def section(title: str, text: str = README) -> str:
    return text.split(f"## {title}\n")[1].split("\n## ", maxsplit=1)[0]


@pytest.fixture
def home(tmp_path: Path, sandbox: SandboxControl) -> Iterator[Path]:
    """A folder as a clone looks to its user: commands in `.venv/bin`."""
    (tmp_path / ".venv").symlink_to(Path(sys.executable).parents[1])
    (tmp_path / "config").mkdir()
    return tmp_path


def as_here(code: str, sandbox: SandboxControl) -> str:
    """The same commands, against the test's sandbox and without what the test session has done already."""
    lines = [line for line in code.splitlines() if not line.startswith(("make setup", ".venv/bin/sandbox serve"))]
    return "\n".join(lines).replace("http://127.0.0.1:8900", sandbox.url)


@pytest.mark.parametrize(
    ("english", "russian"), [("By hand, with pipes", "Руками, через конвейер"), ("As a service", "Как сервис")]
)
def test_both_languages_tell_people_to_type_the_same(english: str, russian: str) -> None:
    """So that what is tried below for one holds for the other, which only sets its language besides."""
    in_russian = typed(section(russian, (ROOT / "README.ru.md").read_text()))

    assert typed(section(english)) == [(file, code.removeprefix("language: ru\n")) for file, code in in_russian]


def typed(text: str) -> list[tuple[str | None, str]]:
    return [
        (block["file"], re.sub(r"\s*# .*$", "", block["code"], flags=re.MULTILINE)) for block in FENCE.finditer(text)
    ]


def test_the_pipe_by_hand_works_as_written(home: Path, sandbox: SandboxControl) -> None:
    blocks = list(FENCE.finditer(section("By hand, with pipes")))
    for block in blocks:
        if block["file"]:
            (home / block["file"]).write_text(as_here(block["code"], sandbox))
    script = "\n".join(as_here(block["code"], sandbox) for block in blocks if block["language"] == "sh")

    done = subprocess.run(["bash", "-euo", "pipefail", "-c", script], cwd=home, capture_output=True, text=True)

    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert (home / "config" / "state.json").exists()
    assert list(sandbox.pages("unisender/sandbox-key/contacts", "contacts"))


def test_the_service_works_as_written(home: Path, sandbox: SandboxControl) -> None:
    port = str(free_port())
    blocks = list(FENCE.finditer(section("As a service")))
    for block in blocks:
        if block["file"]:
            (home / block["file"]).write_text(as_here(block["code"], sandbox).replace("8901", port))
    script = "\n".join(as_here(block["code"], sandbox) for block in blocks if block["language"] == "sh")
    script = "trap 'kill $(jobs -p); wait' EXIT\n" + script.replace("8901", port)

    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script], cwd=home, capture_output=True, text=True, timeout=200
    )

    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert "demo.amocrm.ru" in done.stdout
    assert list(sandbox.pages("unisender/sandbox-key/contacts", "contacts"))


def test_the_commands_of_the_first_screen_exist() -> None:
    first_screen = FENCE.search(README)
    assert first_screen is not None
    makefile = (ROOT / "Makefile").read_text()

    for line in first_screen["code"].splitlines():
        assert re.search(rf"^{line.split()[1]}:", makefile, re.MULTILINE), line


@pytest.mark.parametrize("readme", ["README.md", "README.ru.md"])
def test_every_link_of_the_readme_leads_somewhere(readme: str) -> None:
    targets = re.findall(r"\]\((?!https?:)([^)#]+)", (ROOT / readme).read_text())

    assert targets
    assert [target for target in targets if not (ROOT / target).exists()] == []


def test_images_are_built_from_folders_that_have_a_dockerfile() -> None:
    folders = re.findall(r"^docker build -t \S+ (\S+)$", README, re.MULTILINE)

    assert folders == ["source-amocrm", "destination-unisender"]
    assert all((ROOT / folder / "Dockerfile").is_file() for folder in folders)


def test_the_sandbox_serves_where_the_readme_says_and_stops_when_asked() -> None:
    command = next(line for line in README.splitlines() if line.startswith(".venv/bin/sandbox serve"))
    arguments = command.removesuffix("&").split()[1:]
    arguments[arguments.index("--port") + 1] = "0"
    with subprocess.Popen(
        [Path(sys.executable).with_name("sandbox"), *arguments], stdout=subprocess.PIPE, text=True, env=dict(os.environ)
    ) as server:
        assert server.stdout is not None
        line = server.stdout.readline()
        server.send_signal(signal.SIGTERM)

        assert line.startswith("sandbox: http://127.0.0.1:")
        assert server.wait(timeout=30) == 0
