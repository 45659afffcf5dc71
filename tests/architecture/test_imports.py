"""What import-linter (pyproject.toml) cannot say of imports: no circles, and none inside functions without a reason."""

from __future__ import annotations

import ast
import graphlib
import importlib
from collections.abc import Iterator
from pathlib import Path

import grimp
import pytest

PROJECT = Path(__file__).resolve().parents[2]
APPS = ("api", "catalog", "embeddings", "recommendations", "behaviour", "config")

TORCH = "torch is behind it, and takes seconds and hundreds of megabytes"
ONNX = "ONNX Runtime is behind it"
DICOM = "pydicom and dicognito are behind it, which only who imports studies has"
EXECUTOR = "Spark imports who imports it before Django is set up"
SERVERS = "psutil and psycopg are behind it, and every process reads the settings, which import config.services"
IMPORTED_IN_FUNCTIONS = {
    "embeddings.encoders.checkpoints.text": TORCH,
    "embeddings.encoders.checkpoints.image": TORCH,
    "embeddings.encoders.checkpoints.audio": TORCH,
    "embeddings.encoders.checkpoints.joint": TORCH,
    "embeddings.encoders.packaged.e5_bert": TORCH,
    "embeddings.encoders.packaged.lite_torch": TORCH,
    "embeddings.encoders.on_device": TORCH,
    "embeddings.encoders.packaged.sfx": TORCH,
    "embeddings.encoders.packaged.sfx_file": TORCH,
    "embeddings.encoders.sentence_network": TORCH,
    "embeddings.encoders.torch_runtime": TORCH,
    "embeddings.encoders.torchvision.network": TORCH,
    "embeddings.encoders.torchvision.pixels": TORCH,
    "embeddings.fusion.training": TORCH,
    "embeddings.encoders.onnx_runtime": ONNX,
    "embeddings.encoders.packaged.e5_tokens": "tokenizers are behind it",
    "embeddings.encoders.packaged.e5_onnx": ONNX,
    "embeddings.encoders.packaged.lite_onnx": ONNX,
    "embeddings.encoders.packaged.bge_onnx": ONNX,
    **dict.fromkeys(
        (f"catalog.dicom.{name}" for name in ("cleaning", "files", "folder", "salt", "silence", "studies")), DICOM
    ),
    **dict.fromkeys((f"embeddings.distributed.{name}" for name in ("batches", "reading", "requirements")), EXECUTOR),
    "config.services.broker": SERVERS,
    "config.services.guardian": SERVERS,
    "config.services.postgres": SERVERS,
}


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    """Every import between our modules, those inside functions too; those for type checkers alone are left out."""
    return grimp.build_graph(*APPS, exclude_type_checking_imports=True, cache_dir=None)


def find_circle(imports: dict[str, set[str]]) -> list[str]:
    """Return modules of which each is imported by the next, the first and the last being the same; none: []."""
    try:
        graphlib.TopologicalSorter(imports).prepare()
    except graphlib.CycleError as error:
        return error.args[1]
    return []


def test_no_module_imports_itself_by_way_of_others(graph):
    assert find_circle({module: graph.find_modules_directly_imported_by(module) for module in graph.modules}) == []


def imports_in_functions() -> Iterator[tuple[str, str]]:
    """Yield (place, module of ours) for each import inside a function, but for `ready`, which Django has for that."""
    for path in sorted(path for app in APPS for path in (PROJECT / app).rglob("*.py")):
        for function in ast.walk(ast.parse(path.read_text())):
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef) and function.name != "ready":
                for statement in ast.walk(function):
                    for module in imported_modules(statement):
                        yield f"{path.relative_to(PROJECT)}:{statement.lineno}", module


def imported_modules(statement: ast.AST) -> list[str]:
    """Return our modules that a statement imports: in `from a import b`, b where that is a module, else a."""
    if isinstance(statement, ast.Import):
        named = [alias.name for alias in statement.names]
    elif isinstance(statement, ast.ImportFrom) and statement.module:
        inside = [f"{statement.module}.{alias.name}" for alias in statement.names]
        named = [name if is_module(name) else statement.module for name in inside]
    else:
        named = []
    return [name for name in named if name.split(".")[0] in APPS]


def test_clients_and_kindred_do_not_import_each_other():
    clients, ours = PROJECT / "clients", [PROJECT / app for app in APPS]
    named = {
        (path.relative_to(PROJECT).parts[0], module.split(".")[0])
        for place in (clients, *ours)
        for path in place.rglob("*.py")
        for statement in ast.walk(ast.parse(path.read_text()))
        for module in modules_named(statement)
    }
    assert ("clients", "kindred_django") in named
    assert sorted((place, module) for place, module in named if place == "clients" and module in APPS) == []
    assert sorted((place, module) for place, module in named if place != "clients" and module == "kindred_django") == []


def modules_named(statement: ast.AST) -> list[str]:
    """Return the modules that an import names, ours or others'."""
    if isinstance(statement, ast.Import):
        return [alias.name for alias in statement.names]
    return [statement.module] if isinstance(statement, ast.ImportFrom) and statement.module else []


def is_module(name: str) -> bool:
    path = PROJECT.joinpath(*name.split("."))
    return path.with_suffix(".py").exists() or (path / "__init__.py").exists()


def test_what_is_taken_from_our_modules_by_what_no_test_runs_is_there():
    files = [path for folder in ("benchmarks", "docs", "demo") for path in sorted((PROJECT / folder).rglob("*.py"))]
    taken = [
        (path.name, statement.module, alias.name)
        for path in files
        for statement in ast.walk(ast.parse(path.read_text()))
        if isinstance(statement, ast.ImportFrom) and (statement.module or "").split(".")[0] in APPS
        for alias in statement.names
        if not is_module(f"{statement.module}.{alias.name}")
    ]
    assert ("bulk_upsert.py", "catalog.pictures.arranging", "make_image") in taken
    assert [name for name in taken if not hasattr(importlib.import_module(name[1]), name[2])] == []


def test_our_modules_are_imported_inside_functions_only_where_something_heavy_is_behind_them():
    found = set(imports_in_functions())
    assert sorted((place, module) for place, module in found if module not in IMPORTED_IN_FUNCTIONS) == []
    assert sorted(set(IMPORTED_IN_FUNCTIONS) - {module for _, module in found}) == []
