"""100,000 bodies, found by atheris as it looks for new ways through the parser, and all of them at the real address."""

import asyncio
import os
import struct
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from orchestra import Orchestra

from judged import TIMES, faults, venv

ROOT = Path(__file__).parents[1]
SAMPLES = ROOT / "sandbox" / "tests" / "amocrm_platform" / "samples"
BODIES = 100_000
LONGEST_BODY = 4096
LINES = 64
"""Connections that send at once."""
DEMO = "demo.amocrm.ru"


@pytest.fixture(scope="module")
def bodies(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every body that atheris tried, one after the other, each after its length."""
    folder = tmp_path_factory.mktemp("bodies")
    tried, grown, seeds = folder / "tried", folder / "grown", folder / "seeds"
    grown.mkdir()
    seeds.mkdir()
    for sample in SAMPLES.glob("*hook*.txt"):
        (seeds / sample.name).write_bytes(sample.read_bytes())
    command = [
        venv("python"), Path(__file__).with_name("parser_target.py"), tried, f"-runs={BODIES * TIMES}", "-seed=1",
        f"-max_len={LONGEST_BODY}", "-timeout=10", f"-artifact_prefix={folder}/", "-print_final_stats=1", grown, seeds,
    ]  # fmt: skip
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "orchestrator" / "src")}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, cwd=folder)
    assert done.returncode == 0, done.stderr[-5_000:]
    return tried


def test_no_body_confuses_the_parser(bodies: Path) -> None:
    """What must hold of each is asserted in parser_target.py."""
    assert sum(1 for _ in read(bodies)) >= BODIES * TIMES


def test_every_body_is_answered_200_at_the_real_address(service: Orchestra, bodies: Path) -> None:
    service.ask("POST", "/api/v1/connections/1/pause").raise_for_status()  # ids that nobody has are not to be read
    (address,) = service.sandbox.get(f"amocrm/{DEMO}")["webhooks"]

    answers = asyncio.run(send_all(address, read(bodies)))

    assert answers.keys() == {200}
    assert answers[200] >= BODIES * TIMES
    assert faults(service) == []
    assert service.ask("GET", "/api/v1/accounts").ok


@pytest.mark.parametrize("announced", [True, False], ids=["announced", "in chunks"])
def test_only_a_body_over_the_limit_is_refused(service: Orchestra, announced: bool) -> None:
    limit = service.application.settings.webhooks.body_limit_bytes
    (address,) = service.sandbox.get(f"amocrm/{DEMO}")["webhooks"]
    path = urlsplit(address).path
    status = {}
    for size in (limit - 20, limit + 1):
        body = b"contacts[update][0][id]=1&" + b"a" * (size - 26)
        data = body if announced else (body[at : at + 100_000] for at in range(0, size, 100_000))
        status[size] = service.ask("POST", path, data=data).status_code

    assert list(status.values()) == [200, 413]


def read(bodies: Path) -> Iterator[bytes]:
    with bodies.open("rb") as file:
        while length := file.read(4):
            yield file.read(struct.unpack(">I", length)[0])


async def send_all(address: str, bodies: Iterator[bytes]) -> Counter[int]:
    """How often each status was answered. Raises when a connection is cut."""
    parts = urlsplit(address)
    answers: Counter[int] = Counter()

    async def send() -> None:
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        for body in bodies:
            writer.write(b"POST %b HTTP/1.1\r\nHost: x\r\n" % parts.path.encode())
            writer.write(
                b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n" % len(body) + body
            )
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 20)
            answers[int(head.split(b" ", 2)[1])] += 1
            length = next(line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
            await reader.readexactly(int(length.partition(b":")[2]))
        writer.close()
        await writer.wait_closed()

    async with asyncio.TaskGroup() as lines:
        for _ in range(LINES):
            lines.create_task(send())
    return answers
