"""The manifests, put together by kustomize and read by whoever knows Kubernetes' schemas: they are what they say."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from built_images import ROOT
from orchestrator.config.loading import load

KUBERNETES = ROOT / "deploy/kubernetes"
VALIDATOR = ROOT / ".venv-deploy/bin/kubernetes-validate"
SECRETS = "secrets.example.yaml"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example, its secrets written as its first lines say."""
    folder = tmp_path_factory.mktemp("kubernetes")
    shutil.copytree(KUBERNETES, folder / "kubernetes", ignore=shutil.ignore_patterns("secrets.yaml", "mysql_password"))
    example = folder / "kubernetes/overlays/example"
    (example / "secrets.yaml").write_text((example / SECRETS).read_text())
    (example / "mysql_password").write_text("the-password")
    if os.environ.get("CI") != "true" and not (shutil.which("kustomize") or shutil.which("kubectl")):
        pytest.skip("neither kustomize nor kubectl is installed")
    command = ["kustomize", "build"] if shutil.which("kustomize") else ["kubectl", "kustomize"]
    done = subprocess.run([*command, example], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (folder / "built.yaml").write_text(done.stdout)
    return folder / "built.yaml"


@pytest.fixture(scope="module")
def manifests(built: Path) -> Sequence[dict[str, Any]]:
    return [one for one in yaml.safe_load_all(built.read_text()) if one]


def of(kind: str, manifests: Sequence[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {one["metadata"]["name"]: one for one in manifests if one["kind"] == kind}


def pods(manifests: Sequence[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Specifications of pods, by whatever makes them."""
    makers = (of(kind, manifests) for kind in ("Deployment", "StatefulSet", "Job"))
    return {name: one["spec"]["template"]["spec"] for made in makers for name, one in made.items()}


def test_every_manifest_is_of_its_schema(built: Path) -> None:
    done = subprocess.run([VALIDATOR, "--strict", built], capture_output=True, text=True)

    assert done.returncode == 0, done.stdout + done.stderr


def test_roles_are_scaled_apart_and_migrations_are_a_job(manifests: Sequence[dict[str, Any]]) -> None:
    args = {name: pod["containers"][0].get("args") for name, pod in pods(manifests).items()}

    assert {role: args[role] for role in ("serve", "worker", "scheduler", "migrate")} == {
        role: [role] for role in ("serve", "worker", "scheduler", "migrate")
    }
    assert set(of("Job", manifests)) == {"migrate"}
    assert set(of("PodDisruptionBudget", manifests)) == {"serve", "worker"}


def test_every_pod_is_hardened_probed_and_bounded(manifests: Sequence[dict[str, Any]]) -> None:
    for name, pod in pods(manifests).items():
        (container,) = pod["containers"]
        assert pod["automountServiceAccountToken"] is False, name
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
        assert container["securityContext"]["capabilities"]["drop"] == ["ALL"], name
        assert container["securityContext"]["allowPrivilegeEscalation"] is False, name
        assert {"requests", "limits"} <= container["resources"].keys(), name
        if name != "mysql":
            assert pod["securityContext"]["runAsNonRoot"], name
            assert container["securityContext"]["readOnlyRootFilesystem"], name
        if name != "migrate":
            assert "readinessProbe" in container, name


def test_the_configuration_is_valid_with_the_secrets_it_names(
    manifests: Sequence[dict[str, Any]], tmp_path: Path
) -> None:
    (configuration,) = of("ConfigMap", manifests).values()
    (tmp_path / "configuration.yaml").write_text(configuration["data"]["configuration.yaml"])
    shutil.copyfile(KUBERNETES / "overlays/example" / SECRETS, tmp_path / "secrets.yaml")

    settings = load(tmp_path / "configuration.yaml")

    workers = of("Deployment", manifests)["worker"]["spec"]["replicas"]
    assert settings.vendors.requests_per_second * workers < 7
    assert settings.database.url is not None


def test_what_is_named_is_there(manifests: Sequence[dict[str, Any]]) -> None:
    """Every mounted configuration and secret, every Service that policies, Ingress and configuration speak of."""
    volumes = [volume for pod in pods(manifests).values() for volume in pod.get("volumes", ())]
    sources = [source for volume in volumes for source in volume.get("projected", {}).get("sources", ())]
    secrets = {one["secret"]["name"] for one in sources if "secret" in one}
    secrets |= {volume["secret"]["secretName"] for volume in volumes if "secret" in volume}

    assert secrets == set(of("Secret", manifests))
    assert {one["configMap"]["name"] for one in sources if "configMap" in one} == set(of("ConfigMap", manifests))
    assert {"beanstalkd", "mysql", "serve"} == set(of("Service", manifests))
    assert "closed" in of("NetworkPolicy", manifests)
