"""Every tag of configuration.yaml, and every way to get it wrong: told at once, at the very place, with what to do."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as some

from orchestrator.adapters.cron import check_cron
from orchestrator.config.document import MOST_VALUES
from orchestrator.config.loading import load
from orchestrator.config.problem import ConfigurationError, Problem
from orchestrator.config.settings import Settings
from orchestrator.domain.secret import Secret

KEY = "security: {encryption_keys: [a-key-for-tests-only]}\n"
ENVIRONMENT = {"PORT": "8123", "KEY": "a-key-for-tests-only"}

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Writes files into a folder where the test then stands, so that paths read as people would write them."""
    monkeypatch.chdir(tmp_path)

    def write_files(files: Mapping[str, str] | str) -> Path:
        for name, text in ({"configuration.yaml": files} if isinstance(files, str) else files).items():
            path = Path(name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return Path("configuration.yaml")

    return write_files


def problems(path: Path) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        load(path, environment=ENVIRONMENT, check_schedule=check_cron)
    return str(caught.value).splitlines()


def read(path: Path) -> Settings:
    return load(path, environment=ENVIRONMENT)


# What works


def test_without_a_file_the_defaults_hold() -> None:
    settings = load(None)

    assert settings == Settings()
    assert settings.address == "http://127.0.0.1:8901"
    assert settings.database_url == Secret("sqlite:///orchestrator-data/orchestrator.db")


def test_relative_paths_are_seen_from_the_configuration_s_folder(write: Write) -> None:
    write({"conf/configuration.yaml": f"{KEY}data_folder: data\n"})

    assert read(Path("conf/configuration.yaml")).data_folder == Path("conf/data")


def test_a_secret_is_found_beside_the_file_first_and_then_above_it(write: Write) -> None:
    path = write(
        {
            "configuration.yaml": "security: !include deep/er/security.yaml\n",
            "secrets.yaml": "outer: the-outer-password\nboth: the-wrong-password\n",
            "deep/secrets.yaml": "both: a-nearer-password-0123\n",
            "deep/er/security.yaml": "encryption_keys: [!secret both]\nadmin_password: !secret outer\n",
        }
    )

    security = read(path).security

    assert security.encryption_keys == (Secret("a-nearer-password-0123"),)
    assert security.admin_password == Secret("the-outer-password")


def test_a_secret_is_the_text_as_it_was_written_also_when_it_looks_like_a_number(write: Write) -> None:
    path = write(
        {"configuration.yaml": "security: {encryption_keys: [!secret k]}", "secrets.yaml": "k: 0123456789012345\n"}
    )

    assert read(path).security.encryption_keys == (Secret("0123456789012345"),)


def test_an_environment_variable_is_read_as_the_setting_s_type_and_may_have_a_default(write: Write) -> None:
    path = write(f"""{KEY}
http: {{port: !env_var PORT, host: !env_var HOST 0.0.0.0}}
connection_defaults: {{schedule: !env_var SCHEDULE 5 4 * * *}}
vendors: {{rate_limits: !env_var LIMITS off}}
""")

    settings = read(path)

    assert (settings.http.port, settings.http.host) == (8123, "0.0.0.0")
    assert settings.connection_defaults.schedule == "5 4 * * *"
    assert settings.vendors.rate_limits is False


def test_files_and_folders_are_included_as_if_they_were_written_here(write: Write) -> None:
    path = write(
        {
            "configuration.yaml": f"{KEY}logging: !include parts/logging.yaml\n"
            "workers: !include_dir_merge_named workers\nintegrations: !include_dir_merge_list integrations\n",
            "parts/logging.yaml": "level: debug\n",
            "workers/a.yaml": "processes: 2\n",
            "workers/deep/b.yaml": "bulk_threads: 3\n",
            "workers/secrets.yaml": "no_setting: x\n",
            "workers/.hidden.yaml": "no_setting: x\n",
            "workers/empty.yaml": "# nothing\n",
            "integrations/one.yaml": "- {name: one, client_id: a, client_secret: s}\n",
            "integrations/two.yaml": "- {name: two, client_id: b, client_secret: s}\n",
        }
    )

    settings = read(path)

    assert settings.logging.level == "debug"
    assert (settings.workers.processes, settings.workers.bulk_threads) == (2, 3)
    assert [one.name for one in settings.integrations] == ["one", "two"]


def test_anchors_and_merges_work_and_yield_to_what_is_written(write: Write) -> None:
    path = write(f"""{KEY}
integrations:
  - &base {{name: one, client_id: a, client_secret: s, zone: kommo.com}}
  - &next {{<<: *base, name: two, client_id: b}}
  - {{name: three, <<: [*next], client_id: c}}
""")

    assert [(one.name, one.client_id, one.zone) for one in read(path).integrations] == [
        ("one", "a", "kommo.com"), ("two", "b", "kommo.com"), ("three", "c", "kommo.com"),
    ]  # fmt: skip


def test_a_section_of_comments_only_means_its_defaults(write: Write) -> None:
    assert read(write(f"{KEY}logging:\n#  level: debug\n")).logging == Settings().logging


def test_yaml_of_an_editor_that_writes_a_byte_order_mark_is_read(write: Write) -> None:
    assert read(write(f"\ufeff{KEY}")).security.encryption_keys


# What is wrong, and where

SINGLE = [
    # what stands in the file, what is said
    ("http: {prt: 1}", "1:8: http.prt is no setting: did you mean port?"),
    ("http: {zzz: 1}", "1:8: http.zzz is no setting: remove it, or use one of host, port, tokens, threads, trusted_proxies, open_metrics"),
    ("integrations: [{name: a, client_secret: s}]", "1:16: integrations[1].client_id is missing: add it"),
    ("http: {port: many}", "1:14: http.port: it must be a whole number"),
    ("http: {port: 70000}", "1:14: http.port: it must be at most 65535: write a smaller number"),
    ("vendors: {read_timeout: .nan}", "1:25: vendors.read_timeout: it must be a plain number: write one"),
    ("vendors: {requests_per_second: 0}", "1:32: vendors.requests_per_second: it must be more than 0: write a larger number"),
    ("http: 5", "1:7: http: it must be a mapping: write its entries as lines `key: value`"),
    ("- a", "1:1: the configuration: it must be a mapping: write its entries as lines `key: value`"),
    ("http: {tokens: {a: b}}", "1:16: http.tokens: it must be a list: write its items as lines that begin with -"),
    ("http: {host: 5}", "1:14: http.host: it must be a text: put it in quotes"),
    ("grpc: {enabled: perhaps}", "1:17: grpc.enabled: it must be true or false"),
    ("language: no", "1:11: language: this is not one of the choices: write 'en' or 'ru'"),
    ("connection_defaults: {runner: x}", "1:31: connection_defaults.runner: this is not one of the choices: write 'process', 'container' or 'airbyte'"),
    ("connection_defaults: {default_country: ru}", "1:40: connection_defaults.default_country: it must be of the form ^[A-Z]{2}$: write such a text"),
    ("connection_defaults: {schedule: every day}", '1:33: connection_defaults.schedule: it is no cron expression: write five fields in quotes, like "*/15 * * * *"'),
    ("connection_defaults: {streams: []}", "1:32: connection_defaults.streams: it must be a list of at least 1: write more items"),
    ("connection_defaults: {filter: {and: [{tga: x}]}}", "1:39: connection_defaults.filter.and[0].tga is not known: did you mean tag?"),
    ("connection_defaults: {mapping: {fields: [{from: a, to: Имя}]}}", "1:56: connection_defaults.mapping.fields[0].to must be Latin letters, digits and _, beginning with a letter"),
    ("connection_defaults: {tags: {static: ['a,b']}}", "1:38: connection_defaults.tags.static must be a list of texts without commas"),
    ("connection_defaults: {filter: {tag: 5}}", "1:37: connection_defaults.filter.tag must be the name of a tag, or a list of names (in quotes if it is a number)"),
    ("public_url: http://example.com", "1:13: public_url: secrets travel to this address: use https (http is for this machine only)"),
    ("public_url: https://a@example.com", "1:13: public_url: it must be a bare address: remove user name, ? and #"),
    ("public_url: example.com", "1:13: public_url: it must begin with https:// and a host name"),
    ("public_url: 'https://[x'", "1:13: public_url: it is no address: write it like https://example.com"),
    ("database: {url: postgres://x}", "1:17: database.url: write mysql+pymysql://user:password@host/database or sqlite:///file"),
    ("queue: {url: redis://x}", "1:14: queue.url: write embedded or beanstalk://host:11300"),
    ("security: {admin_password: short}", "1:28: security.admin_password: it has fewer than 16 characters: take a longer one (orchestrator keys new makes one)"),
    ("security: {admin_password: 12}", "1:28: security.admin_password: it must be a text: put it in quotes, better in secrets.yaml"),
    ("security: {admin_password: ' '}", "1:28: security.admin_password: it is empty: write the secret into secrets.yaml and name it by !secret"),
    ('data_folder: "a\\0b"', "1:14: data_folder: it is no file name: correct it"),
    ("grpc: {certificate: a.pem}", "1:21: grpc.certificate: TLS needs grpc.key too: add it, or remove this"),
    ("runners: {airbyte: {client_id: a}}", "1:32: runners.airbyte.client_id: an application needs runners.airbyte.client_secret too: add it"),
    ("workers: {lease_seconds: 20}", "1:26: workers.lease_seconds: one late heartbeat would cost the sync: write more than two heartbeats"),
    ("workers: {heartbeat_seconds: 20}", "1:10: workers.lease_seconds: one late heartbeat would cost the sync: write more than two heartbeats"),
    # YAML itself
    ("http: {port: 1", "1:15: YAML cannot be read on from here (while parsing a flow mapping expected ',' or '}', but got '<stream end>'): look for an open quote or bracket, or a wrong indentation"),
    ("schedule: */15 * * * *", "1:11: YAML reads one of * & ! % @ ` here as a sign of its own: put the text in quotes"),
    ("http:\n\tport: 1", "2:1: a tab begins here: indent with spaces"),
    ("a: b: c", "1:5: a second colon, or keys that do not line up: put the text in quotes, or correct the indentation"),
    ("a: 1\n---\nb: 1", "2:1: a second document begins here: keep one, without ---"),
    ("http: {port: 1}\nhttp: {port: 2}", '2:1: "http" is written twice, first in line 1: keep one of them'),
    ("language: !secrt a", "1:11: unknown tag: use one of !secret, !env_var, !include, !include_dir_merge_named, !include_dir_merge_list, or put a text that begins with ! in quotes"),
    ("http: !!python/object:os.system {}", "1:7: unknown tag: use one of !secret, !env_var, !include, !include_dir_merge_named, !include_dir_merge_list, or put a text that begins with ! in quotes"),
    ("? [a]\n: b", "1:3: a key must be a plain text: rewrite it"),
    ("http: {port: !!int x}", "1:14: this is no int: correct it, or put it in quotes if it is a text"),
    ('language: "\\ud800"', "1:11: half a character is written here: rewrite it"),
    ("http: &a {tokens: [*a]}", "1:7: it contains itself, or too much: write it without this alias or nesting"),
    ("http: {<<: 5}", "1:12: << takes over other mappings only: name one by *alias"),
    # tags
    ("language: !secret [a]", "1:11: this tag takes a name: !secret my_password"),
    ("language: !secret lost", "1:11: no secrets.yaml has lost: add the line `lost: …` to secrets.yaml"),
    ("language: !env_var", "1:11: this tag takes a name: !env_var PORT 8901"),
    ("language: !env_var LOST", "1:11: the environment has no LOST: set it, or write a default after the name"),
    ("logging: !include lost.yaml", "1:10: lost.yaml cannot be read (no such file or directory): create it, or correct its name or its permissions"),
    ("logging: !include ../other.yaml", "1:10: ../other.yaml leads out of the configuration's folder: move it into ."),
    ("logging: !include /etc/passwd", "1:10: /etc/passwd leads out of the configuration's folder: move it into ."),
    ("logging: !include configuration.yaml", "1:10: configuration.yaml would include itself: take this line away"),
    ("logging: !include_dir_merge_named lost", "1:10: there is no folder lost: create it or correct its name"),
    ("logging: !include {a: b}", "1:10: this tag takes a name: !include parts/logging.yaml"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "said"), SINGLE, ids=[text for text, _ in SINGLE])
def test_a_mistake_is_told_at_its_place_with_what_to_do(text: str, said: str, write: Write) -> None:
    with_key = (
        text if text.startswith(("security", "-")) else f"{text}\nsecurity: {{encryption_keys: [!env_var KEY]}}\n"
    )
    found = problems(write(with_key if "YAML" not in said else text))

    assert f"configuration.yaml:{said}" in found
    assert all(one.split(": ", 1)[1] == said.split(": ", 1)[1] or "encryption_keys" in one for one in found)


def test_all_problems_are_told_at_once_whichever_step_finds_them(write: Write) -> None:
    path = write(
        {
            "configuration.yaml": """\
databse: {}
http: {port: x}
workers: !include parts/workers.yaml
grpc: !include parts/broken.yaml
language: !secret lost
integrations:
  - {name: main, client_id: a, client_secret: s}
  - {name: main, client_id: b, client_secret: s}
""",
            "parts/workers.yaml": "\nprocesess: 3\n",
            "parts/broken.yaml": "port: [\n",
        }
    )

    assert [one.partition(" ")[0] for one in problems(path)] == [
        "configuration.yaml:1:1:",
        "configuration.yaml:1:1:",
        "configuration.yaml:2:14:",
        "configuration.yaml:5:11:",
        "configuration.yaml:8:12:",
        "parts/broken.yaml:2:1:",
        "parts/workers.yaml:2:1:",
    ]


def test_a_value_that_could_not_be_read_causes_no_further_complaint(write: Write) -> None:
    path = write(f"{KEY}integrations: [{{name: a, client_id: !env_var LOST, client_secret: !secret lost}}]\n")

    assert len(problems(path)) == 2


def test_a_file_without_a_key_to_encrypt_with_is_told_how_to_get_one(write: Write) -> None:
    (said,) = problems(write("http: {port: 1}\n"))

    assert said.startswith("configuration.yaml:1:1: security.encryption_keys: there is no key")
    assert "orchestrator keys new" in said


def test_a_missing_configuration_is_named(write: Write) -> None:
    (said,) = problems(Path("lost.yaml"))

    assert said.startswith("lost.yaml:1:1: lost.yaml cannot be read (no such file")


@pytest.mark.parametrize(
    ("content", "place"),
    [(b"a: \xff", "1:4"), (b"\xef\xbb\xbfa: 1\nb: \xd0\x98\xff", "2:5"), (b"a: 1\n  b\x07: 1", "2:4")],
)
def test_what_is_no_text_is_told_with_line_and_column(content: bytes, place: str, write: Write) -> None:
    path = write("")
    path.write_bytes(content)

    (said,) = problems(path)

    assert said.startswith(f"configuration.yaml:{place}: this ")


def test_names_that_must_be_unique_are_and_the_first_is_named(write: Write) -> None:
    path = write(f"""{KEY}
connections:
  - {{account: acme.amocrm.ru, name: people, api_key: k, list: {{id: 1}}}}
  - {{account: acme.amocrm.ru, name: others, api_key: k, list: {{id: 1}}}}
  - {{account: acme.amocrm.ru, name: people, api_key: k, list: {{id: 1}}}}
""")

    assert problems(path) == [
        "configuration.yaml:6:37: connections[3].name: connections[1] has the same: give each its own"
    ]


def test_a_list_is_given_by_id_or_by_title(write: Write) -> None:
    path = write(f"{KEY}connections: [{{account: acme.amocrm.ru, name: a, api_key: k, list: {{id: 1, title: x}}}}]\n")

    assert problems(path) == [
        "configuration.yaml:2:68: connections[1].list: give either id or title of the Unisender list"
    ]


def test_a_host_outside_amocrm_is_refused_unless_an_emulator_is_configured(write: Write) -> None:
    entry = "connections: [{account: '127.0.0.1:8900', name: a, api_key: k, list: {id: 1}}]\n"

    (said,) = problems(write(f"{KEY}{entry}"))

    assert "write it like acme.amocrm.ru" in said
    assert read(write(f"{KEY}{entry}vendors: {{amocrm_url: 'http://127.0.0.1:8900'}}\n")).connections


def test_the_airbyte_runner_needs_to_know_where_and_which(write: Write) -> None:
    path = write(
        f"{KEY}connections: [{{account: a.amocrm.ru, name: a, api_key: k, list: {{id: 1}}, runner: airbyte}}]\n"
    )

    assert [one.partition(": ")[2] for one in problems(path)] == [
        "connections[1].airbyte_connection_id is missing: runner airbyte needs it, add it",
        "connections[1].runner: runners.airbyte does not say where it is: add url, and token or client_id",
    ]


def test_a_schedule_is_judged_by_whoever_will_keep_it(write: Write) -> None:
    path = write(f"{KEY}connection_defaults: {{schedule: 0 0 31 2 *}}\n")

    (said,) = problems(path)

    assert "connection_defaults.schedule: it is no cron expression" in said


def test_secrets_of_a_broken_secrets_file_are_told_once_and_at_its_place(write: Write) -> None:
    path = write(
        {
            "configuration.yaml": "security: {encryption_keys: [!secret a], admin_password: !secret b}\n",
            "secrets.yaml": "a: [\n",
        }
    )

    assert [one.partition(" ")[0] for one in problems(path)] == ["secrets.yaml:2:1:"]


@pytest.mark.parametrize(
    ("secrets", "place"),
    [("a: [x]", "1:4"), ("a: &x\n  b: c", "1:4"), ("a: !pass", "1:4"), ("a: b\na: c", "2:1"), ("- a", "1:1")],
)
def test_a_secrets_file_holds_one_text_a_name(secrets: str, place: str, write: Write) -> None:
    path = write({"configuration.yaml": f"{KEY}http: {{host: !secret a}}\n", "secrets.yaml": secrets})

    assert [one.partition(" ")[0] for one in problems(path)] == [f"secrets.yaml:{place}:"]


@pytest.mark.parametrize(
    "secret", ["*starred-password", "!exclaimed-password", "&anchored-password a", "@at-password", "%percent-password"]
)
def test_a_secret_that_yaml_misreads_is_not_repeated(secret: str, write: Write) -> None:
    for files in (
        {
            "configuration.yaml": "security: {encryption_keys: [!secret a]}",
            "secrets.yaml": f"a: {secret}\nb: {secret}\n",
        },
        {"configuration.yaml": f"security:\n  admin_password: {secret}\n  x: {secret}\n"},
    ):
        said = "\n".join(problems(write(files)))

        assert "password a" not in said
        assert secret[1:] not in said


def test_a_wrong_value_is_never_repeated_since_it_may_be_a_secret(write: Write) -> None:
    path = write(f"{KEY}http: {{port: hunter2-hunter2, tokens: [{{name: a, token: hunter2, scopes: hunter2}}]}}\n"
                 "database: {url: 'mysql+pymysql://hunter2@'}\nlanguage: hunter2\nlogging: {level: hunter2}\n")  # fmt: skip

    assert "hunter2" not in "\n".join(problems(path))


def test_an_include_in_a_circle_is_told_where_it_closes(write: Write) -> None:
    path = write(
        {
            "configuration.yaml": f"{KEY}http: !include a.yaml\n",
            "a.yaml": "tokens: !include parts/b.yaml\n",
            "parts/b.yaml": "- !include ../a.yaml\n",
        }
    )

    assert problems(path) == ["parts/b.yaml:1:3: a.yaml would include itself: take this line away"]


def test_a_folder_s_file_of_the_wrong_kind_and_a_key_in_two_files_are_named(write: Write) -> None:
    path = write(
        {
            "configuration.yaml": f"{KEY}workers: !include_dir_merge_named workers\n",
            "workers/a.yaml": "processes: 2\n",
            "workers/b.yaml": "processes: 3\n",
            "workers/c.yaml": "- 1\n",
        }
    )

    assert problems(path) == [
        'workers/b.yaml:1:1: "processes" is written twice, first in workers/a.yaml:1:1: keep one of them',
        "workers/c.yaml:1:1: !include_dir_merge_named needs a mapping (key: value) in each file: rewrite this one",
    ]


def test_an_alias_bomb_is_defused(write: Write) -> None:
    levels = "".join(f"  - &l{number} [{', '.join([f'*l{number - 1}'] * 10)}]\n" for number in range(1, 10))
    merges = "".join(f"  - &m{number} {{<<: [{', '.join([f'*m{number - 1}'] * 10)}]}}\n" for number in range(1, 10))

    for bomb in (f"  - &l0 [x]\n{levels}", f"  - &m0 {{x: y}}\n{merges}"):
        found = problems(write(f"{KEY}integrations:\n{bomb}"))

        assert any("contains itself, or too much" in one for one in found)
        assert len(found) < MOST_VALUES


@pytest.mark.parametrize("text", ["[" * 5000, "a: " + "[" * 200 + "]" * 200, "- " * 3000])
def test_bottomless_nesting_is_refused(text: str, write: Write) -> None:
    assert any("nested" in one or "nesting" in one for one in problems(write(text)))


KEYS = some.sampled_from(
    ["http", "port", "tokens", "security", "encryption_keys", "connections", "account", "name", "filter", "and", "field", "runners",
     "airbyte", "url", "database", "list", "mapping", "fields", "from", "<<", "schedule", "integrations", "connection_defaults", "x"]
)  # fmt: skip
SCALARS = some.none() | some.booleans() | some.integers() | some.floats() | some.text(max_size=8) | some.dates()
TREES = some.recursive(
    SCALARS,
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(KEYS | some.text(max_size=3), inner, max_size=4),
)
FRAGMENTS = some.lists(
    some.sampled_from(
        ["http:", " ", "\n", "  ", "- ", "port", ": ", "!secret x", "!env_var ", "!include ", "configuration.yaml", ".", "{", "}", "[", "]", ",",
         "&a ", "*a", "<<: ", "'", '"', "|\n", "#", "!", "%", "\t", "\\ud800", "\\0", "é", "!include_dir_merge_named ", "!include_dir_merge_list ",
         "connections", "filter", "? ", "---\n", "0x", "1e999", "12:30", "~", "2026-13-45", "!!int ", "!!binary ", "security", "=", "\ufeff", "9" * 5000]
    ) | some.text(max_size=5),
    max_size=25,
).map("".join)  # fmt: skip


def accepts_or_explains(path: Path) -> None:
    problems: Sequence[Problem] | None = None
    try:
        load(path, environment={"x": "\ud800", "": "y"})
    except ConfigurationError as error:
        problems = error.problems

    assert problems is None or problems
    assert all(len(str(problem).encode().splitlines()) == 1 for problem in problems or ())


@given(tree=TREES)
def test_whatever_a_tree_of_settings_holds_it_is_accepted_or_explained(
    tree: Any, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "configuration.yaml"
    path.write_text(yaml.safe_dump(tree, allow_unicode=True), encoding="utf-8", errors="replace")

    accepts_or_explains(path)


@given(content=FRAGMENTS.map(lambda text: text.encode(errors="replace")) | some.binary(max_size=40))
def test_whatever_a_file_holds_it_is_accepted_or_explained(
    content: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "fragments" / "configuration.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    path.with_name("secrets.yaml").write_bytes(content)

    accepts_or_explains(path)
