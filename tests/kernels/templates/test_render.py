from __future__ import annotations

import ast
from pathlib import Path

import pytest

from graphkeras.kernels.render import render

TEMPLATES = Path(__file__).parents[3] / "kernels" / "templates"


def test_a_kernel_is_a_module_that_can_be_read():
    body = ["x = tl.load(in0 + i, mask=inside, other=0)", "tl.store(out0 + i, x, mask=inside)"]
    source = render("pointwise", "copy", ["in0", "out0"], {"body": body}, ["Copies.", "", "  second line"])
    tree = ast.parse(source)
    (function,) = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    assert function.name == "copy"
    assert [argument.arg for argument in function.args.args] == ["in0", "out0", "SIZE", "BLOCK"]
    assert source.startswith("# Copies.\n#\n#   second line\n")
    assert "    inside = i < SIZE\n" in source
    assert "# <" not in source and "ruff" not in source and "if used" not in source


def test_what_is_not_used_is_left_out():
    source = render("pointwise", "copy", ["in0", "out0"], {"body": ["tl.store(out0 + i, tl.load(in0 + i))"]}, [])
    assert "inside" not in source
    source = render("reduction", "f", ["in0"], {"body": ["y = tl.reduce(x, 1, larger, keep_dims=True)"]}, [])
    assert "def larger(" in source
    assert "def smaller(" not in source and "def multiplied(" not in source and "kept_inside" not in source


def test_a_kernel_without_pointers_of_its_own():
    lines = {"addresses": ["out0 = 0"], "whole": ["pass"], "part": ["pass"]}
    source = render("table", "update", [], lines, [])
    assert "def update(\n    addresses, arrays, starts, sizes,\n    COLUMNS: tl.constexpr, BLOCK: tl.constexpr,\n):" in source


def test_sections_must_be_those_of_the_template():
    with pytest.raises(KeyError, match=r"sections \['body'\], got \['lines'\]"):
        render("pointwise", "f", [], {"lines": []}, [])


@pytest.mark.parametrize("name", sorted(path.stem for path in TEMPLATES.glob("*.py") if path.stem != "__init__"))
def test_templates_are_python(name):
    text = (TEMPLATES / f"{name}.py").read_text()
    functions = [node.name for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)]
    assert functions[-1] == name
