"""Results that are inputs, constants or each other, and variables that take each other's values: passes make such graphs."""

import numpy as np
import pytest

from graphkeras.compiler.driver import NumpyBackend
from graphkeras.compiler.executables.onnxruntime import OnnxruntimeBackend
from graphkeras.compiler.executables.triton import TritonBackend
from graphkeras.compiler.graph import Graph, StateSlot, Value
from graphkeras.compiler.pipeline import optimize
from graphkeras.compiler.registry import ops
from graphkeras.compiler.types import TensorType
from graphkeras.kernels.interpreter.device import InterpreterDevice

BACKENDS = {
    "numpy": NumpyBackend,
    "onnxruntime": OnnxruntimeBackend,
    "triton": lambda: TritonBackend(InterpreterDevice()),
}
TYPE = TensorType((3,))
x, a, b = Value(TYPE, "x"), Value(TYPE, "a"), Value(TYPE, "b")
X, A, B = (np.array([1, 2, 3], np.float32) * scale for scale in (1, 10, 100))


def two_runs(target: str, graph: Graph) -> tuple[list[np.ndarray], dict[str, np.ndarray]]:
    """The outputs of the second of two runs, and the variables after it."""
    backend = BACKENDS[target]()
    cells = {name: backend.new_cell(TYPE, value) for name, value in (("a", A), ("b", B))}
    executable = backend.load(optimize(graph, target, to_run=True)[-1].graph, cells)
    executable.run([X])
    return executable.run([X]), {name: cell.read() for name, cell in cells.items()}


@pytest.mark.parametrize("target", BACKENDS)
def test_outputs_that_are_inputs(target):
    outputs, _ = two_runs(target, Graph.of([x], [ops.identity(x), x, -(-x)]))  # noqa: B002
    for output in outputs:
        np.testing.assert_array_equal(output, X)


@pytest.mark.parametrize("target", BACKENDS)
def test_an_output_that_is_constant(target):
    outputs, _ = two_runs(target, Graph.of([x], [ops.constant(value=X) * 2.0]))
    np.testing.assert_array_equal(outputs[0], X * 2)


@pytest.mark.parametrize("target", BACKENDS)
def test_variables_that_change_places(target):
    slots = [StateSlot("a", a, ops.identity(b)), StateSlot("b", b, ops.identity(a))]
    outputs, state = two_runs(target, Graph.of([x], [x + a], slots))
    np.testing.assert_array_equal(outputs[0], X + B, "after one exchange a has the value of b")
    np.testing.assert_array_equal(state["a"], A, "after two exchanges it has its own")
    np.testing.assert_array_equal(state["b"], B)


@pytest.mark.parametrize("target", BACKENDS)
def test_variables_that_take_an_input(target):
    slots = [StateSlot("a", a, ops.identity(x)), StateSlot("b", b, x)]
    outputs, state = two_runs(target, Graph.of([x], [a], slots))
    np.testing.assert_array_equal(outputs[0], X, "what the first run assigned")
    np.testing.assert_array_equal(state["a"], X)
    np.testing.assert_array_equal(state["b"], X)


@pytest.mark.parametrize("target", BACKENDS)
def test_an_output_that_is_the_old_value_of_a_variable(target):
    slots = [StateSlot("a", a, a + x), StateSlot("b", b, a + x)]
    outputs, state = two_runs(target, Graph.of([x], [a, a * 2.0], slots))
    np.testing.assert_array_equal(outputs[0], A + X)
    np.testing.assert_array_equal(outputs[1], 2 * (A + X))
    np.testing.assert_array_equal(state["a"], A + 2 * X)
    np.testing.assert_array_equal(state["b"], A + 2 * X)
