"""What the site is made of: links that lead where they led in the repository, and references that leave nothing out."""

from pathlib import Path, PurePosixPath

import pytest

from docs.site.grpc_reference import described, grpc_reference
from docs.site.http_reference import http_reference, openapi
from docs.site.links import BrokenLinkError, rewritten
from docs.site.offline import fetched_from_elsewhere
from docs.site.pages import pages

ROOT = Path(__file__).parents[1]
SHOWN = {PurePosixPath(source): PurePosixPath(page) for source, page in pages(ROOT).items()}


def on_the_site(text: str, source: str) -> str:
    return rewritten(text, source=PurePosixPath(source), shown=SHOWN, exists=lambda path: (ROOT / path).exists())


@pytest.mark.parametrize(
    ("source", "link", "shown"),
    [
        ("README.md", "[a](docs/linking.md#2-link)", "[a](linking.md#2-link)"),
        ("README.ru.md", "![f](docs/flow.svg)", "![f](../flow.svg)"),
        ("docs/operations.ru.md", "[a](errors.md)", "[a](../errors.md)"),
        ("docs/quick-start.ru.md", "[a](operations.ru.md)", "[a](operations.md)"),
        ("docs/connectors/source-amocrm.md", "[a](../../source-amocrm/BEHAVIOR.md)", "[a](source-amocrm-behavior.md)"),
        ("docs/linking.md", "[a](https://example.com) [b](#2-link)", "[a](https://example.com) [b](#2-link)"),
        ("README.md", "[the service](orchestrator/README.md)", "the service (`orchestrator/README.md`)"),
        ("README.md", "```\n[a](nowhere.md)\n```", "```\n[a](nowhere.md)\n```"),
    ],
)
def test_links_between_files_become_links_between_pages(source: str, link: str, shown: str) -> None:
    assert on_the_site(link, source) == shown


def test_a_link_that_leads_nowhere_is_told_with_its_line() -> None:
    with pytest.raises(BrokenLinkError, match=r"^docs/cli.md:2: leads nowhere: gone.md$"):
        on_the_site("# A\n[b](gone.md)\n", "docs/cli.md")


def test_the_http_reference_tells_of_every_call_and_every_model() -> None:
    document = openapi()
    page = http_reference(document)

    for path, methods in document["paths"].items():
        for method in methods:
            assert f"### `{method.upper()} {path}`\n" in page
    for name in document["components"]["schemas"]:
        assert f"### {name}\n" in page


def test_the_grpc_reference_tells_of_every_call_with_its_comment() -> None:
    file = described(ROOT / "orchestrator/proto/orchestrator/v1/orchestrator.proto")
    page = grpc_reference(file)

    for service in file.service:
        for call in service.method:
            assert f"| `{call.name}` |" in page
    assert "Queues a sync of a connection, or joins the one that waits already." in page


def test_what_a_page_would_fetch_from_elsewhere_is_seen(tmp_path: Path) -> None:
    (tmp_path / "fine.html").write_text('<a href="https://example.com">x</a><script src="assets/x.js"></script>')
    (tmp_path / "bad.html").write_text('<script src="https://cdn.example.com/x.js"></script>')

    assert [told.partition(":")[0] for told in fetched_from_elsewhere(tmp_path)] == ["bad.html"]
