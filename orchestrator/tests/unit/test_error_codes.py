"""Every stable code is explained in docs/errors.md, and nothing is explained that does not exist."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import orchestrator
from orchestrator.domain.repair import RepairCode
from orchestrator.entrypoints.http.problems import FRAMEWORK_CODES

PAGE = (Path(__file__).parents[3] / "docs" / "errors.md").read_text(encoding="utf-8")
PACKAGE = Path(orchestrator.__file__).parent
SOURCES = [path for path in PACKAGE.rglob("*.py") if "_generated" not in path.parts]


def texts(node: ast.expr, constants: dict[str, str]) -> Iterator[str]:
    """The texts an expression may be: a constant, a named one, either side of a choice."""
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.Name(id=name) if name in constants:
            yield constants[name]
        case ast.IfExp(body=body, orelse=orelse):
            yield from texts(body, constants)
            yield from texts(orelse, constants)


def codes_in(path: Path) -> Iterator[str]:
    """Class attributes `code` of errors, and keywords `code=` of errors and failures."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    constants = {
        target.id: node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and node.name.endswith("Error"):
            for inner in node.body:
                if isinstance(inner, ast.Assign) and any(
                    isinstance(one, ast.Name) and one.id == "code" for one in inner.targets
                ):
                    yield from texts(inner.value, constants)
        if isinstance(node, ast.Call):
            name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            if name.endswith(("Error", "Failure")) or name == "__init__":
                for keyword in node.keywords:
                    if keyword.arg == "code":
                        yield from texts(keyword.value, constants)


def test_every_code_is_explained_and_every_explained_one_exists() -> None:
    used = {code for path in SOURCES for code in codes_in(path)}
    used |= {code.value for code in RepairCode} | {code for code, _ in FRAMEWORK_CODES.values()}
    explained = re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE)

    assert used - set(explained) == set()
    assert set(explained) - used - SAID_OTHERWISE == set()
    assert len(explained) == len(set(explained))


SAID_OTHERWISE = {"connector_killed", "connector_fault", "file_unusable"}
"""Passed on by functions that make failures, or said of errors that are not ours."""
