"""What each image is: nobody's root, its lock and nothing else, labelled, and listed for whoever must know."""

import json
import re
import subprocess
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from built_images import HARDENED, IMAGES, ROOT, Image, docker, version_of

pytestmark = pytest.mark.usefixtures("images")
OURS = [image for image in IMAGES if image.package]
EACH = pytest.mark.parametrize("image", OURS, ids=lambda image: image.name)
LISTED = "import importlib.metadata as m, json; print(json.dumps({d.name: d.version for d in m.distributions()}))"
OTHERS = {"orchestrator": {"airbyte-source-amocrm", "airbyte-destination-unisender"}}
"""What an image holds of ours beside its own package."""


@pytest.mark.parametrize("image", IMAGES, ids=lambda image: image.name)
def test_it_runs_as_an_ordinary_user_by_number(image: Image) -> None:
    assert docker("image", "inspect", "--format", "{{.Config.User}}", image.tag).text.strip() == "1000:1000"


@EACH
def test_it_holds_what_its_lock_pins_and_nothing_that_built_it(image: Image) -> None:
    python = docker("run", "--rm", "--network=none", "--entrypoint=sh", image.tag, "-c", "ls /opt/*/bin/python").text
    shown = docker("run", "--rm", "--network=none", f"--entrypoint={python.strip()}", image.tag, "-Ic", LISTED).text
    held = {canonicalize_name(name): version for name, version in json.loads(shown).items()}
    lock = (ROOT / image.name / "requirements.lock").read_text()
    pinned = {(name, version) for name, version in re.findall(r"^([\w.-]+)==([\w.+!-]+)", lock, re.MULTILINE)}
    own = {image.package, *OTHERS.get(image.name, ())}

    assert own <= held.keys()
    assert {(name, version) for name, version in held.items() if name not in own} <= pinned
    assert not held.keys() & {"uv", "poetry-core", "pip", "pytest"}


@EACH
def test_it_is_labelled_with_its_version_and_licence(image: Image) -> None:
    labels = json.loads(docker("image", "inspect", "--format", "{{json .Config.Labels}}", image.tag).text)

    assert labels["org.opencontainers.image.version"] == image.tag.rpartition(":")[2]
    assert labels["org.opencontainers.image.licenses"] == "MIT"


@pytest.mark.parametrize("name", ["source-amocrm", "destination-unisender"])
def test_a_connector_keeps_airbytes_contract(name: str, images: dict[str, Image]) -> None:
    shown = json.loads(docker("image", "inspect", "--format", "{{json .Config}}", images[name].tag).text)
    environment = dict(entry.split("=", 1) for entry in shown["Env"])

    assert shown["Entrypoint"] == [environment["AIRBYTE_ENTRYPOINT"]]
    assert shown["WorkingDir"] == "/airbyte/integration_code"
    assert (shown["Labels"]["io.airbyte.name"], shown["Labels"]["io.airbyte.version"]) == (
        f"airbyte/{name}", version_of(name),
    )  # fmt: skip
    assert environment["PYTHONUNBUFFERED"] == "1"


@EACH
def test_its_bytecode_is_compiled(image: Image) -> None:
    """Nothing is left to compile at the start, and nothing could be kept: the file system is read only."""
    search = "cd /opt/*/lib/python3*/site-packages && find . -name '*.py' | wc -l && find . -name '*.pyc' | wc -l"
    sources, compiled = docker("run", "--rm", *HARDENED, "--entrypoint=sh", image.tag, "-c", search).text.split()

    assert int(compiled) >= int(sources) * 0.98


@EACH
def test_its_packages_are_listed_in_a_standard_form(image: Image) -> None:
    """Kept in .sbom, to be handed on with the image."""
    file = Path(".sbom") / f"{image.name}.cdx.json"
    (ROOT / file.parent).mkdir(parents=True, exist_ok=True)
    subprocess.run(["sh", ".ci/sbom.sh", image.tag, f"{image.name}/pyproject.toml", file], cwd=ROOT, check=True)
    listed = json.loads((ROOT / file).read_text())

    assert listed["bomFormat"] == "CycloneDX"
    assert listed["metadata"]["component"]["name"] == image.package
    assert "requests" in {component["name"] for component in listed["components"]}
