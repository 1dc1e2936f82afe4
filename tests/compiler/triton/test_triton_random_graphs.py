"""Random graphs: the triton program, run by the interpreter, computes what the NumPy reference of the unoptimized graph says.

Every program also runs with its program instances in reverse order: a GPU runs them in any.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from graphkeras.compiler.executables.reference import evaluate_graph
from graphkeras.compiler.executables.triton import TritonBackend
from graphkeras.compiler.graph import Graph
from graphkeras.compiler.pipeline import optimize
from graphkeras.compiler.triton_lowering import fusion, pointwise, prepare, reduction, table
from graphkeras.kernels.interpreter.device import InterpreterDevice
from tests.compiler.random_graphs import feeds_for, graphs

QUIET = {"deadline": None, "derandomize": True, "suppress_health_check": [HealthCheck.too_slow, HealthCheck.data_too_large]}
TOLERANCE = {"float64": 1e-7, "float32": 2e-3}


def check(graph: Graph, reverse: bool) -> None:
    feeds, (weight,) = feeds_for(graph)
    with np.errstate(all="ignore"):
        outputs, state = evaluate_graph(graph, feeds, [weight])
    backend = TritonBackend(InterpreterDevice(reverse=reverse))
    cells = {"weight": backend.new_cell(graph.state[0].input.type, weight)}
    executable = backend.load(optimize(graph, "triton")[-1].graph, cells)
    results = [*executable.run(feeds), cells["weight"].read()]
    for actual, expected in zip(results, [*outputs, *state], strict=True):
        text = f"{graph}\n{executable.source}"
        assert actual.dtype == expected.dtype, text
        assert actual.shape == expected.shape, text
        if actual.dtype.kind == "f":
            tolerance = TOLERANCE[actual.dtype.name]
            np.testing.assert_allclose(actual, expected, rtol=tolerance, atol=tolerance, err_msg=text)
        else:
            np.testing.assert_array_equal(actual, expected, err_msg=text)


@pytest.mark.parametrize("reverse", [False, True])
@settings(max_examples=60, **QUIET)
@given(graph=graphs("float32", 20))
def test_float32(graph, reverse):
    check(graph, reverse)


@settings(max_examples=60, **QUIET)
@given(graph=graphs("float64", 20))
def test_float64(graph):
    check(graph, reverse=False)


@pytest.fixture(scope="module")
def small_blocks():
    """Blocks of a few elements: small graphs then have many program instances, masks, loops, and two-stage reductions."""
    patch = pytest.MonkeyPatch()
    for module in (pointwise, table):
        patch.setattr(module, "block_size", lambda size: min(4, pointwise.power_of_two(size)))
    patch.setattr(reduction, "TILE", 8)
    patch.setattr(reduction, "NEIGHBOURS", 2)
    patch.setattr(fusion, "NEIGHBOURS", 2)
    patch.setattr(fusion, "MAX_ROW", 8)
    patch.setattr(fusion, "SMALL", 4)
    patch.setattr(prepare, "MANY_ELEMENTS", 8)
    patch.setattr(prepare, "LEAST_PART", 2)
    yield
    patch.undo()


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("reverse", [False, True])
@settings(max_examples=60, **QUIET)
@given(graph=graphs("float32", 20))
def test_small_blocks(graph, reverse):
    check(graph, reverse)
