"""docker-compose.yaml as a newcomer uses it: two commands to a running service, and everything it promises about it."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest
import requests
import yaml

from built_images import ROOT, Image

PROJECT = "images-test"
CONFIG = "deploy/compose/config"
SERVICES = ("mysql", "beanstalkd", "serve", "worker", "scheduler", "sandbox")
Compose = Callable[..., str]


def compose(folder: Path, *arguments: str) -> str:
    command = ["docker", "compose", "--project-name", PROJECT, "--project-directory", folder]
    command += ["--file", ROOT / "docker-compose.yaml", "--profile", "sandbox", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, env={**os.environ, "COLUMNS": "150"})
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-3000:]
    return done.stdout


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what `make secrets` needs, with what it writes."""
    folder = tmp_path_factory.mktemp("home")
    shutil.copytree(ROOT / "deploy/compose", folder / "deploy/compose", ignore=shutil.ignore_patterns("config"))
    subprocess.run(["sh", "deploy/compose/secrets.sh"], cwd=folder, check=True, capture_output=True)
    for above in (folder, *folder.parents):
        if above.stat().st_uid == os.geteuid() and above != Path("/"):
            above.chmod(above.stat().st_mode | 0o011)  # pytest's folders are closed to the containers' user
    return folder


@pytest.fixture(scope="module")
def up(home: Path, images: dict[str, Image]) -> Iterator[Compose]:
    try:
        compose(home, "up", "--wait", "--no-build", "--quiet-pull")
        yield lambda *arguments: compose(home, *arguments)
    finally:
        compose(home, "down", "--volumes", "--timeout", "20")


def test_secrets_are_written_once_for_their_owner_alone(home: Path) -> None:
    before = (home / CONFIG / "secrets.yaml").read_text()
    again = subprocess.run(["sh", "deploy/compose/secrets.sh"], cwd=home, capture_output=True, text=True, check=True)

    assert again.stdout == ""
    assert (home / CONFIG / "secrets.yaml").read_text() == before
    assert {path.stat().st_mode & 0o777 for path in (home / CONFIG).iterdir()} == {0o600}


def test_the_demos_chapters_end_well_against_it(up: Compose) -> None:
    assert "✓ right" in up("run", "--rm", "--no-TTY", "story")


def test_every_service_is_healthy_and_answers_for_itself(up: Compose) -> None:
    shown = [json.loads(line) for line in up("ps", "--format", "json").splitlines()]

    assert {one["Service"]: one["Health"] for one in shown} == dict.fromkeys(SERVICES, "healthy")
    assert "✓" in up("exec", "--no-TTY", "worker", "orchestrator", "ready")
    assert "✓" in up("exec", "--no-TTY", "serve", "orchestrator", "check-config")


def test_only_this_machine_reaches_it(up: Compose) -> None:
    shown = [json.loads(line) for line in up("ps", "--format", "json").splitlines()]
    published = {
        (one["Service"], port["URL"], port["PublishedPort"])
        for one in shown for port in one["Publishers"] or () if port["PublishedPort"]
    }  # fmt: skip

    assert published == {("serve", "127.0.0.1", 8901), ("sandbox", "127.0.0.1", 8900)}
    with urlopen("http://127.0.0.1:8901/readyz", timeout=10) as answer:
        assert json.load(answer)["ready"]


def test_the_dashboard_lets_in_with_the_password_that_was_written(up: Compose, home: Path) -> None:
    password = yaml.safe_load((home / CONFIG / "secrets.yaml").read_text())["admin_password"]
    browser = requests.Session()
    form = browser.get("http://127.0.0.1:8901/", timeout=10)
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form.text))
    inside = browser.post(form.url, data={**fields, "password": password}, timeout=10)

    assert (form.status_code, inside.status_code) == (200, 200)
    assert 'type="password"' in form.text
    assert 'type="password"' not in inside.text


def test_no_secret_is_in_an_environment_or_a_command_line(up: Compose, home: Path) -> None:
    shown = up("config", "--format", "json")
    containers = up("ps", "--quiet").split()
    shown += subprocess.run(["docker", "inspect", *containers], capture_output=True, text=True, check=True).stdout
    secrets = yaml.safe_load((home / CONFIG / "secrets.yaml").read_text())

    assert [name for name, secret in secrets.items() if name != "amocrm_client_secret" and secret in shown] == []


def test_a_backup_can_be_restored_as_the_documentation_says(up: Compose, home: Path) -> None:
    page = (ROOT / "docs/containers.md").read_text()
    backup, restore = (
        next(line for line in page.splitlines() if line.startswith("docker compose exec") and word in line)
        for word in ("mysqldump", "< ")
    )

    def typed(line: str) -> None:
        options = f"--project-name {PROJECT} --project-directory {home} --file {ROOT}/docker-compose.yaml"
        subprocess.run(
            ["sh", "-euc", line.replace("docker compose", f"docker compose {options}")], cwd=home, check=True
        )

    accounts = up("exec", "--no-TTY", "serve", "orchestrator", "account", "list", "--json")
    typed(backup)
    up("exec", "--no-TTY", "serve", "orchestrator", "account", "list", "--json")
    up("stop", "serve", "worker", "scheduler")
    typed(restore)
    up("start", "serve", "worker", "scheduler")

    assert up("exec", "--no-TTY", "serve", "orchestrator", "account", "list", "--json") == accounts
