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
