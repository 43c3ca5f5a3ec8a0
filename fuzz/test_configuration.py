"""`orchestrator check-config` over files as nobody should write them: never a crash, each problem with file and line."""

import json
import re
import subprocess
import sys
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from judged import TIMES
from orchestrator.adapters.cron import check_cron
from orchestrator.config.loading import load
from orchestrator.config.problem import ConfigurationError
from orchestrator.config.settings import Settings

FILES = 500
PLACE = re.compile(r"^[^:]+\.yaml:\d+:\d+: \S")
SECRET = "a-secret-that-nobody-may-see"
KEYS = sorted({
    name for part in (Settings, *(field.annotation for field in Settings.model_fields.values()))
    if hasattr(part, "model_fields") for name in part.model_fields
} | {"name", "account", "filter", "destination", "list", "title", "mapping", "fields", "from", "to", "tag", "all", "any"})  # fmt: skip
TAGS = ("!secret", "!env_var", "!include", "!include_dir_list", "!include_dir_named", "!python/object", "!", "!!binary")
LEAVES = st.one_of(
    st.sampled_from([
        "null", "true", "-1", "0", "65536", "1e999", ".nan", "0o7", "2026-13-45", "''", "[]", "{}", "*a", "&a b", "<<", "|", ">",
        "sqlite:///x.db", "mysql://root@", "beanstalk://", "http://[::1", "https://u:p@x/", "* * * * *", "61 * * * *", SECRET,
        "configuration.yaml", ".", "/dev/null", "../..", "\\x00", '"\\ud800"', "'it''s'", "@", "`", "%", "\t",
    ]),
    st.text(max_size=15),
    st.integers().map(str),
    st.tuples(st.sampled_from(TAGS), st.sampled_from(["", " key", " configuration.yaml", " .", " ../../../etc/passwd"])).map("".join),
)  # fmt: skip


def block(depth: int) -> st.SearchStrategy[list[str]]:
    """Lines of YAML, or nearly."""
    scalar = st.tuples(st.sampled_from(KEYS), LEAVES).map(lambda pair: [f"{pair[0]}: {pair[1]}"])
    item = LEAVES.map(lambda leaf: [f"- {leaf}"])
    if depth == 0:
        return st.one_of(scalar, item)
    inner = st.lists(block(depth - 1), max_size=3).map(lambda blocks: [line for lines in blocks for line in lines])
    nested = st.tuples(st.sampled_from(KEYS), inner, st.sampled_from(["  ", " ", "\t", ""])).map(
        lambda parts: [f"{parts[0]}:", *(parts[2] + line for line in parts[1])]
    )
    return st.one_of(scalar, item, nested)


YAML = st.lists(block(2), max_size=6).map(
    lambda blocks: "\n".join(line for lines in blocks for line in lines).encode(errors="replace")
)
CONTENTS = st.one_of(
    YAML,
    YAML.map(lambda text: text[: len(text) // 2]),
    YAML.map(lambda text: text.decode().encode("utf-16")),
    st.binary(max_size=200),
    st.sampled_from([b"[" * 1_000, b"{a: " * 1_000, b"- " * 1_000, b"a: &a [*a, *a]", b"a: &a {b: *a}", b"!!python/object/apply:os.system [true]"]),
)  # fmt: skip


def test_whatever_a_file_holds_each_problem_has_its_place_and_no_value_is_repeated(tmp_path: Path) -> None:
    file, secrets = tmp_path / "configuration.yaml", tmp_path / "secrets.yaml"

    @settings(max_examples=FILES * TIMES, suppress_health_check=list(HealthCheck))
    @given(content=CONTENTS, secret=CONTENTS)
    def judge(content: bytes, secret: bytes) -> None:
        file.write_bytes(content)
        secrets.write_bytes(secret)
        try:
            load(file, environment={"key": SECRET}, check_schedule=check_cron)
        except ConfigurationError as error:
            told = str(error)
        else:
            return
        assert told
        assert all(PLACE.match(line) for line in told.splitlines())
        assert SECRET not in told

    judge()


def test_the_command_says_the_same_in_words_and_in_json(tmp_path: Path) -> None:
    """What the loop above cannot see: the command around it. A few files that broke others' parsers."""
    command = [Path(sys.executable).with_name("orchestrator"), "check-config", "--config"]
    for number, content in enumerate(
        (b"\xff\xfe", b"[" * 10_000, b"a: &a [*a]", b"http: {port: 1e999}\nnonsense: 1\n")
    ):
        file = tmp_path / f"{number}.yaml"
        file.write_bytes(content)
        words = subprocess.run([*command, file], capture_output=True, text=True)
        as_json = subprocess.run([*command, file, "--json"], capture_output=True, text=True)

        assert (words.returncode, as_json.returncode) == (2, 2)
        assert "Traceback" not in words.stderr + as_json.stderr
        assert len(words.stderr.splitlines()) == len(json.loads(as_json.stdout)["problems"])
