"""The houses stand as the design says: imports point one way, every package is installed, files stay small."""

import ast
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
HOUSES = ("graphkeras", "compiler", "kernels", "tools")
MAY_IMPORT = {
    "kernels": {"kernels"},
    "compiler": {"compiler", "kernels"},
    "graphkeras": {"graphkeras", "compiler"},
    "tools": {"graphkeras", "compiler", "kernels", "tools"},
}
FORBIDDEN_LIBRARIES = {
    "graphkeras": {"onnx", "onnxruntime", "triton", "torch", "tensorflow", "jax", "keras"},
    "compiler": {"triton", "torch", "tensorflow", "jax", "keras"},
    "kernels": {"onnx", "onnxruntime", "torch", "tensorflow", "jax", "keras"},
    "tools": set(),
}
MAX_LINES = 500


def house_files(house: str) -> list[Path]:
    return sorted(path for path in (ROOT / house).rglob("*.py") if "__pycache__" not in path.parts)


def imported_modules(source: str, path: Path) -> list[str]:
    """Absolute names of all that a file imports; a relative import is resolved from its place in the installed package."""
    house, *folders = path.relative_to(ROOT).parts[:-1]
    package = ["graphkeras", *([] if house == "graphkeras" else [house]), *folders]
    names = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            names += [f"{module}.{alias.name}" for alias in node.names]
    return names


def violations(source: str, path: Path) -> list[str]:
    house = path.relative_to(ROOT).parts[0]
    found = []
    for name in imported_modules(source, path):
        top, *rest = name.split(".")
        if top in ("compiler", "kernels", "tools", "tests"):
            found.append(f"{path}: '{name}' is a second spelling; write graphkeras.{name}")
        elif top == "graphkeras":
            target = rest[0] if rest and rest[0] in HOUSES else "graphkeras"
            if rest and rest[0] in ("graphkeras", "tests"):
                found.append(f"{path}: '{name}' exists in a checkout only")
            elif target not in MAY_IMPORT[house]:
                found.append(f"{path}: {house} may not import {target} ('{name}')")
        elif top in FORBIDDEN_LIBRARIES[house]:
            found.append(f"{path}: {house} may not import {top}")
    return found


@pytest.mark.parametrize("house", HOUSES)
def test_imports_point_one_way(house):
    found = [text for path in house_files(house) for text in violations(path.read_text(), path)]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("house", "source"),
    [
        ("kernels", "from graphkeras.compiler.graph import Graph"),
        ("kernels", "from ..compiler import graph"),
        ("compiler", "from graphkeras import layers"),
        ("compiler", "import graphkeras.tools.dump"),
        ("graphkeras", "import onnx"),
        ("graphkeras", "from graphkeras.kernels import device"),
        ("tools", "import compiler.graph"),
    ],
)
def test_a_violation_is_found(house, source):
    assert violations(source, ROOT / house / "made_up.py")


def test_every_package_is_installed():
    setup = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    here = set()
    for house in HOUSES:
        for init in (ROOT / house).rglob("__init__.py"):
            folders = init.relative_to(ROOT).parts[:-1]
            here.add(".".join(folders if house == "graphkeras" else ("graphkeras", *folders)))
    assert set(setup["packages"]) == here


def test_every_folder_with_code_is_a_package():
    missing = {path.parent for house in HOUSES for path in house_files(house) if not (path.parent / "__init__.py").exists()}
    assert not missing


def test_files_are_rooms():
    long = {
        str(path.relative_to(ROOT)): count
        for house in HOUSES
        for path in house_files(house)
        if (count := len(path.read_text().splitlines())) > MAX_LINES
    }
    assert not long, f"longer than {MAX_LINES} lines: {long}"


#: Modules of a device or target that is chosen at run time; everything else is imported at the top of its file.
LOADED_WHEN_CHOSEN = {"kernels/devices.py", "kernels/build.py"}


def test_imports_stand_at_the_top():
    found = []
    for house in HOUSES:
        for path in house_files(house):
            functions = (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.FunctionDef))
            inner = [
                node for function in functions for node in ast.walk(function) if isinstance(node, (ast.Import, ast.ImportFrom))
            ]
            name = str(path.relative_to(ROOT))
            found += [f"{name}:{node.lineno}: {ast.unparse(node)}" for node in inner if name not in LOADED_WHEN_CHOSEN]
    assert not found, "imports inside functions hide cycles:\n" + "\n".join(found)


def test_one_file_reads_the_environment():
    """Users find every variable in one table; benchmarks may set those of other libraries."""
    found = {
        str(path.relative_to(ROOT))
        for house in ("graphkeras", "compiler", "kernels")
        for path in house_files(house)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv")
    }
    assert found == {"compiler/config.py"}
