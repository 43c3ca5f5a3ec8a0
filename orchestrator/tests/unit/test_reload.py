"""A change of the files takes effect without a restart; a mistake in them leaves everything as it was."""

import threading
from pathlib import Path

import pytest

from orchestrator.config.loading import load_with_files
from orchestrator.config.reload import Reload, Reloader

KEY = "security: {encryption_keys: [a-key-for-tests-only]}\n"


class Watched:
    """A configuration of several files, and a reloader that looks at them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.told: list[Reload] = []
        self.write("secrets.yaml", "other: x\n")
        self.write("parts/a.yaml", "- {name: one, client_id: a, client_secret: s}\n")
        path = self.write(
            "configuration.yaml",
            f"{KEY}integrations: !include_dir_merge_list parts\nlogging: !include logging.yaml\nhttp: {{port: 8901}}\n",
        )
        self.write("logging.yaml", "level: info\n")
        self.reloader = Reloader(load_with_files(path), load=lambda: load_with_files(path), tell=self.told.append)

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def settled(self) -> Reload | None:
        """Two looks: the first sees that something changed, the second that it rests."""
        assert self.reloader.look() is None
        return self.reloader.look()


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    return Watched(tmp_path)


def test_nothing_is_read_again_while_nothing_changes(watched: Watched) -> None:
    assert watched.settled() is None
    assert watched.told == []


@pytest.mark.parametrize(
    ("name", "text", "changed"),
    [
        ("logging.yaml", "level: debug\n", "logging.level"),
        ("parts/a.yaml", "- {name: two, client_id: a, client_secret: s}\n", "integrations"),
        ("parts/b.yaml", "- {name: two, client_id: b, client_secret: s}\n", "integrations"),
    ],
)
def test_a_change_in_any_file_takes_effect_also_in_included_and_new_ones(
    name: str, text: str, changed: str, watched: Watched
) -> None:
    watched.write(name, text)

    reload = watched.settled()

    assert reload is not None
    assert (reload.changed, reload.restart_needed, reload.problems) == ((changed,), (), ())
    assert watched.reloader.settings == reload.settings
    assert watched.told == [reload]
    assert watched.settled() is None


def test_a_secrets_file_that_was_missing_is_noticed_when_it_comes(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "configuration.yaml"
    path.parent.mkdir()
    path.write_text(f"{KEY}http: {{host: !secret host}}\n")
    path.with_name("secrets.yaml").write_text("host: localhost\n")
    reloader = Reloader(load_with_files(path), load=lambda: load_with_files(path), tell=lambda _: None)

    path.with_name("secrets.yaml").unlink()
    reloader.look()
    broken = reloader.look()
    path.with_name("secrets.yaml").write_text("host: 127.0.0.2\n")
    reloader.look()
    mended = reloader.look()

    assert broken is not None
    assert broken.problems
    assert mended is not None
    assert mended.settings.http.host == "127.0.0.2"


def test_a_mistake_keeps_the_last_good_settings_and_is_told_once_until_it_is_mended(watched: Watched) -> None:
    before = watched.reloader.settings
    watched.write("logging.yaml", "levle: debug\n")

    reload = watched.settled()

    assert reload is not None
    assert [str(problem).rpartition("logging.yaml:")[2] for problem in reload.problems] == [
        "1:1: logging.levle is no setting: did you mean level?"
    ]
    assert reload.settings is watched.reloader.settings is before
    assert watched.settled() is None

    watched.write("logging.yaml", "level: debug\n")
    mended = watched.settled()

    assert mended is not None
    assert mended.settings.logging.level == "debug"


def test_what_cannot_change_while_running_says_so(watched: Watched) -> None:
    watched.write("configuration.yaml", f"{KEY}http: {{port: 9000}}\nlanguage: ru\ndatabase: {{pool_size: 3}}\n")

    reload = watched.settled()

    assert reload is not None
    assert set(reload.restart_needed) == {"http.port", "database.pool_size", "language"}
    assert {"http.port", "database.pool_size", "language", "integrations"} == set(reload.changed)


def test_a_file_that_is_still_being_written_is_waited_for(watched: Watched) -> None:
    watched.write("logging.yaml", "")
    assert watched.reloader.look() is None
    watched.write("logging.yaml", "level: warning\n")
    assert watched.reloader.look() is None

    reload = watched.reloader.look()

    assert reload is not None
    assert reload.changed == ("logging.level",)


def test_asking_reads_at_once_and_in_the_background(watched: Watched) -> None:
    stop, told = threading.Event(), threading.Event()
    path = watched.folder / "configuration.yaml"
    reloader = Reloader(load_with_files(path), load=lambda: load_with_files(path), tell=lambda _: told.set())
    thread = threading.Thread(target=reloader.run, args=(stop,), kwargs={"every_seconds": 60})
    thread.start()

    reloader.ask()

    assert told.wait(20)
    stop.set()
    reloader.ask()
    thread.join(20)
    assert not thread.is_alive()
