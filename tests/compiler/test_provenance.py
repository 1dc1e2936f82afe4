"""Nodes remember the layer and the user's line: in a checkout, in an installed copy, and when calls are replayed."""

import functools
import inspect
import shutil
import subprocess
import sys
import time
import timeit
from pathlib import Path
from typing import Any

import pytest

import graphkeras.compiler.ops  # noqa: F401  fills the registry
from graphkeras.compiler.graph import Value
from graphkeras.compiler.provenance import at, current_origin, derived_from, scope, user_source
from graphkeras.compiler.registry import ops
from graphkeras.compiler.types import TensorType

ROOT = Path(__file__).resolve().parents[2]


def here() -> str:
    """The caller's file:line."""
    frame = inspect.currentframe().f_back
    return f"{__file__}:{frame.f_lineno}"


def test_a_node_remembers_this_line():
    x = Value(TensorType((2,)), "x")
    y, line = ops.relu(x + 1.0), here()
    assert y.node.origin.source == line
    assert y.node.inputs[0].node.origin.source == line


def test_scopes_nest_and_end():
    with scope("model"), scope("dense"):
        assert current_origin().scope == "model/dense"
    with pytest.raises(ZeroDivisionError), scope("model"):
        1 / 0  # noqa: B018
    assert current_origin().scope == ""


def test_replayed_calls_keep_the_line_of_the_first_call():
    """The frames from `at` outwards do not count; user code that is called inside does."""

    def user_layer() -> tuple[str, str]:
        return user_source(), here()

    with at("model.py:7"):
        assert user_source_through_graphkeras() == "model.py:7"
        found, line = user_layer()
        assert found == line
        with at("model.py:9"):
            assert user_source_through_graphkeras() == "model.py:9"
        assert user_source_through_graphkeras() == "model.py:7"
    assert user_source_through_graphkeras() == here()


INSIDE = {"user_source": user_source, "__package__": "graphkeras.layers", "__name__": "graphkeras.layers.core"}


def inside_graphkeras(text: str) -> Any:
    """A function whose frames belong to graphkeras, as those of a layer do."""
    return eval(compile(text, "/elsewhere/graphkeras/layers/core.py", "eval"), INSIDE)


user_source_through_graphkeras = inside_graphkeras("lambda: user_source()")


def test_at_ends_when_its_block_raises():
    with pytest.raises(ValueError, match="inside"), at("model.py:7"):
        raise ValueError("inside")
    assert user_source() == here()


def test_passes_outrank_at():
    x = Value(TensorType((2,)), "x")
    origin = ops.relu(x).node.origin
    with at("model.py:7"), derived_from(origin, forward="relu"):
        assert current_origin().source == origin.source
        assert current_origin().forward == "relu"


def test_the_standard_library_is_not_the_user():
    class Lazy:
        @functools.cached_property
        def source(self) -> str:
            return user_source_through_graphkeras()

    found, line = Lazy().source, here()
    assert found.rpartition(":")[0] == __file__, "the innermost frame that counts is the property's own"
    assert abs(int(found.rpartition(":")[2]) - int(line.rpartition(":")[2])) < 5


SCRIPT = """
import graphkeras.compiler.ops
from graphkeras.layers.made_up import call
from graphkeras.compiler.graph import Value
from graphkeras.compiler.types import TensorType
print(call(Value(TensorType((2,)), "x")).node.origin.source)
"""


def test_in_an_installed_copy_the_layers_are_ours_too(tmp_path):
    """site-packages/graphkeras/{layers,compiler,...}: one folder, unlike a checkout."""
    packages = tmp_path / "site-packages"
    without = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "graphkeras", packages / "graphkeras", ignore=without)
    for house in ("compiler", "kernels"):
        shutil.copytree(ROOT / house, packages / "graphkeras" / house, ignore=without)
    # The copy's own __init__ may import what this test does not need; the layout is what counts.
    (packages / "graphkeras" / "__init__.py").write_text("")
    (packages / "graphkeras" / "layers" / "__init__.py").write_text("")
    (packages / "graphkeras" / "layers" / "made_up.py").write_text(
        "from graphkeras.compiler.registry import ops\n\n\ndef call(x):\n    return ops.relu(x)\n"
    )
    script = tmp_path / "train.py"
    script.write_text(SCRIPT)
    run = subprocess.run(
        [sys.executable, "-S", "-c", f"import sys, runpy; sys.path[:0] = {[str(packages), *site_packages()]!r}; "
         f"runpy.run_path({str(script)!r}, run_name='__main__')"],
        capture_output=True, text=True, check=True, cwd=tmp_path,
    )  # fmt: skip
    assert run.stdout.strip() == f"{script}:6"


def site_packages() -> list[str]:
    return [path for path in sys.path if path.endswith("-packages")]


def test_finding_the_line_is_cheap():
    """It is called for every node; here through 60 frames."""
    deeper = inside_graphkeras("lambda deeper, depth: deeper(deeper, depth - 1) if depth else user_source()")
    assert deeper(deeper, 60) == here()
    one, sixty = (
        min(timeit.repeat(lambda d=d: deeper(deeper, d), timer=time.process_time, number=500, repeat=7)) / 500 for d in (1, 60)
    )
    assert sixty - one < 40e-6
