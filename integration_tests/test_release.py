"""What `make release-check` looks at holds today, and it sees what does not."""

import shutil
import subprocess
import warnings
from pathlib import Path

import pytest

from release.changelogs import changelog_problems, tag_prefix
from release.hygiene import machine_paths
from release.locks import addresses_in_locks
from release.repository import tracked
from release.versions import BUNDLE, COMPONENTS, CONNECTORS, disagreements, set_version, version_of

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # the CDK warns of its own experimental parts while it is imported
    from release.metadata import metadata_problems

ROOT = Path(__file__).parents[1]
COMPONENT = pytest.mark.parametrize("component", COMPONENTS, ids=lambda one: one.name)
CONNECTOR = pytest.mark.parametrize("connector", CONNECTORS, ids=lambda one: one.name)


def git(root: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=Nobody", "-c", "user.email=nobody@example.com")
    subprocess.run(["git", *identity, *arguments], cwd=root, check=True, capture_output=True)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A repository of its own with what the checks read."""
    root = tmp_path / "copy"
    for path in tracked(ROOT):
        if path.endswith((".md", ".yaml", ".yml", ".toml", ".svg", "Dockerfile", "client.py", "__init__.py")):
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / path, root / path)
    git(root, "init", "-q")
    return root


def change(path: Path, before: str, after: str) -> None:
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after, 1))


@COMPONENT
def test_a_version_is_the_same_wherever_it_is_written(component):
    assert list(disagreements(component, ROOT)) == []


@CONNECTOR
def test_metadata_is_what_airbyte_publishes_as_its_schema(connector):
    assert list(metadata_problems(connector, ROOT)) == []


def test_no_lock_holds_an_address_and_no_file_this_machine():
    assert list(addresses_in_locks(ROOT)) == []
    assert list(machine_paths(ROOT)) == []


@COMPONENT
def test_a_version_is_set_everywhere_at_once(component, copy):
    changed = set_version(component, "7.8.9", copy)

    assert version_of(component, copy) == "7.8.9"
    assert list(disagreements(component, copy)) == []
    assert {component.metadata, *component.places} <= set(changed)
    assert not [path for path in changed if path.endswith("CHANGELOG.md")]


@CONNECTOR
def test_another_version_anywhere_is_named_with_its_place(connector, copy):
    readme = (copy / "README.md").read_text()
    image = f"airbyte/{connector.name}:{version_of(connector, copy)}"
    line = readme[: readme.index(image)].count("\n") + 1
    change(copy / "README.md", image, f"airbyte/{connector.name}:0.0.1")

    assert [problem.partition(" ")[0] for problem in disagreements(connector, copy)] == [f"README.md:{line}"]


def test_what_airbyte_would_refuse_is_named(copy):
    source = CONNECTORS[0]
    change(copy / source.metadata, "connectorType: source", "connectorType: fountain\n  colour: blue")
    change(copy / source.metadata, "language:python", "written-in:python")

    told = " ".join(metadata_problems(source, copy))
    assert "fountain" in told
    assert "colour" in told
    assert "no tag tells the language" in told


def test_a_major_version_must_be_announced_and_guided_over(copy):
    source = CONNECTORS[0]
    change(copy / source.changelog, "## [", "## [2.0.0] - 2030-01-01\n\n- Other keys.\n\n## [")

    assert any("does not announce 2.0.0" in problem for problem in metadata_problems(source, copy))


@COMPONENT
def test_a_changelog_must_tell_of_the_version_and_keep_nothing_back(component, copy):
    text = (copy / component.changelog).read_text()
    first = text.index("## [")
    (copy / component.changelog).write_text(text[:first] + "## [Unreleased]\n\n- A thing.\n\n" + text[first:])
    set_version(component, "7.8.9", copy)

    told = list(changelog_problems(component, copy))
    assert any("7.8.9" in problem for problem in told)
    assert any("[Unreleased]" in problem for problem in told)


@COMPONENT
def test_what_changed_since_the_last_tag_needs_another_version(component, copy):
    git(copy, "add", "-A")
    git(copy, "commit", "-qm", "All")
    git(copy, "tag", f"{tag_prefix(component)}{version_of(component, copy)}")
    before = [problem for problem in changelog_problems(component, copy) if "raise the version" in problem]
    with (copy / next(iter(component.places))).open("a") as file:
        file.write("# changed\n")
    after = [problem for problem in changelog_problems(component, copy) if "raise the version" in problem]

    assert (before, len(after)) == ([], 1)


def test_addresses_and_paths_of_this_machine_are_seen(copy):
    (copy / "more.lock").write_text("a==1 \\\n    --hash=sha256:00\n--index-url https://example.com/simple\n")
    (copy / "notes.md").write_text(f"see {copy}/README.md\n")
    tracked.cache_clear()

    assert list(addresses_in_locks(copy)) == ["more.lock:3 holds an address"]
    assert list(machine_paths(copy)) == [f"notes.md names {copy}"]


def test_the_bundles_tag_is_not_taken_for_a_connectors():
    assert [tag_prefix(one) for one in COMPONENTS] == ["v", *(f"{one.name}-v" for one in CONNECTORS)]
    assert COMPONENTS[0] is BUNDLE
