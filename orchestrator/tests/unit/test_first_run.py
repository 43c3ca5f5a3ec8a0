"""The very first start leaves a configuration that works, and secrets nobody else can read or guess."""

import stat
from pathlib import Path

import pytest

from orchestrator.config.first_run import create_files
from orchestrator.config.loading import load
from orchestrator.config.problem import ConfigurationError


def test_the_files_of_the_first_start_make_a_valid_configuration(tmp_path: Path) -> None:
    path = tmp_path / "conf" / "configuration.yaml"

    written = create_files(path)
    settings = load(path)

    assert set(written) == {path, path.with_name("secrets.yaml")}
    assert len(settings.security.encryption_keys[0].reveal()) >= 40
    assert settings.security.admin_password
    assert [one.name for one in settings.http.tokens] == ["admin"]


def test_secrets_are_fresh_each_time_and_their_owner_s_alone(tmp_path: Path) -> None:
    for name in ("a", "b"):
        create_files(tmp_path / name / "configuration.yaml")
    one, other = ((tmp_path / name / "secrets.yaml") for name in ("a", "b"))

    assert stat.S_IMODE(one.stat().st_mode) == 0o600
    assert not {line for line in one.read_text().splitlines() if ": " in line and not line.startswith("#")} & set(
        other.read_text().splitlines()
    )


def test_what_is_there_is_never_touched(tmp_path: Path) -> None:
    path = tmp_path / "configuration.yaml"
    path.write_text("mine")

    assert create_files(path) == ()
    assert [one.name for one in tmp_path.iterdir()] == ["configuration.yaml"]


def test_a_secrets_file_that_cannot_be_read_is_told_and_left_alone(tmp_path: Path) -> None:
    secrets = tmp_path / "secrets.yaml"
    secrets.write_text("a: [")

    with pytest.raises(ConfigurationError, match=r"secrets\.yaml:1:5"):
        create_files(tmp_path / "configuration.yaml")

    assert secrets.read_text() == "a: ["


def test_a_secrets_file_that_is_there_is_completed(tmp_path: Path) -> None:
    path = tmp_path / "configuration.yaml"
    path.with_name("secrets.yaml").write_text("encryption_key: the-key-that-was-there\n")

    create_files(path)

    assert load(path).security.encryption_keys[0].reveal() == "the-key-that-was-there"
    assert create_files(path) == ()
