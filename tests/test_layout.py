"""What the import contracts in pyproject.toml can't say of the layout: sizes, and third parties' places."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
HELPERS = ROOT / "helpers"
MODULES = sorted(HELPERS.rglob("*.py"))
FOLDERS = sorted({path.parent for path in MODULES})
MOST_LINES, MOST_LINES_OF_A_PACKAGE, MOST_ENTRIES = 250, 50, 16
# A package, and the only modules that import it: (a folder's name stands for all that is in it).
PLACES = {
    "ipywidgets": ("helpers.playground", "helpers.production.calculator", "helpers.tune.browser"),
    "llmeter": ("helpers.production.load",),
    "matplotlib": ("helpers.notebook.picture",),
    "moto": (
        "helpers.sandbox.services.cloudwatch.alarms",
        "helpers.sandbox.services.cloudwatch.percentiles",
        "helpers.sandbox.services.cloudwatch.writer",
        "helpers.sandbox.services.iam",
        "helpers.sandbox.services.moto",
        "helpers.sandbox.services.scheduler",
        "helpers.sandbox.services.stacks",
        "helpers.sandbox.services.tagging",
    ),
    "safetensors": ("helpers.tune.metrics.embeddings",),
    "sagemaker": (),
    "starlette": (
        "helpers.production.app",
        "helpers.sandbox.app",
        "helpers.sandbox.server",
        "helpers.sandbox.services.moto",
        "helpers.sandbox.services.runtime",
    ),
    "tokenizers": ("helpers.tune.metrics.embeddings",),
    "uvicorn": (
        "helpers.production.app.__main__",
        "helpers.sandbox.serve",
        "helpers.sandbox.server.connections",
    ),
    "wordllama": (),  # its files are read, its code is not run
    "xllamacpp": ("helpers.sandbox.engine.llama",),
}


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def foreign(path: Path) -> Iterator[str]:
    """The top packages that a module imports, wherever in it, besides its own."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            yield node.module.partition(".")[0]


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_third_parties_have_their_places(path: Path) -> None:
    name = name_of(path)
    for package in set(foreign(path)) & set(PLACES):
        assert any(name == place or name.startswith(f"{place}.") for place in PLACES[package]), package


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_module_is_one_concept_and_not_more(path: Path) -> None:
    most = MOST_LINES_OF_A_PACKAGE if path.name == "__init__.py" else MOST_LINES
    assert len(path.read_text(encoding="utf-8").splitlines()) <= most


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: str(folder.relative_to(ROOT)))
def test_a_folder_can_be_seen_at_once(folder: Path) -> None:
    entries = [each for each in folder.iterdir() if each.suffix or any(each.glob("*.py"))]
    assert len(entries) <= MOST_ENTRIES
