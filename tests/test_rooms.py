"""Who may import whom: the rooms of the design, read from the imports themselves."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
MODULES = sorted((ROOT / "helpers").rglob("*.py"))
WIDGETS = {"helpers.playground", "helpers.controls", "helpers.browsing"}


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(path: Path) -> Iterator[str]:
    """Every module that a file imports, relative ones written out."""
    package = path.relative_to(ROOT).parts[:-1]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
            module = ".".join(part for part in (base, node.module or "") if part)
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_every_import_is_allowed(path: Path) -> None:
    name, imported = name_of(path), set(imports(path))
    inside = name.startswith("helpers.sandbox")
    of_helpers = {each for each in imported if each.startswith("helpers.")}
    if inside:
        foreign = {each for each in of_helpers if not each.startswith("helpers.sandbox")}
        assert {each for each in foreign if not each.startswith("helpers.catalog")} == set()
    elif name != "helpers.session":
        assert not {each for each in of_helpers if each.startswith("helpers.sandbox")}
    if name not in WIDGETS:
        assert not {each for each in imported if each.startswith("ipywidgets")}
    if name != "helpers.plots":
        assert not {each for each in imported if each.startswith("matplotlib")}
    if not inside:
        assert not {each for each in imported if each.split(".")[0] in ("sagemaker", "moto", "xllamacpp")}


@pytest.mark.parametrize(
    ("module", "knows_nothing_of"),
    [
        ("engine", ("botocore", "boto3", "starlette", "helpers.catalog")),
        ("container", ("botocore", "boto3", "helpers.sandbox.sagemaker", "helpers.sandbox.protocol")),
        ("runtime", ("helpers.sandbox.engine", "helpers.sandbox.generate_api", "helpers.sandbox.chat_api")),
    ],
)
def test_the_engine_knows_no_aws_and_the_runtime_no_cohere(
    module: str, knows_nothing_of: tuple[str, ...]
) -> None:
    imported = set(imports(ROOT / "helpers" / "sandbox" / f"{module}.py"))
    assert not [each for each in imported if each.startswith(knows_nothing_of)]


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_module_is_one_concept_and_not_more(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 250
