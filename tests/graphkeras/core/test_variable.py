"""Variables: numbers, assignment, targets."""

import numpy as np
import pytest

from graphkeras import Variable, config, ops
from graphkeras.compiler import config as compiler_config
from graphkeras.compiler.provenance import scope
from graphkeras.trace import Trace
from graphkeras.tracing import StaticFunction


@pytest.mark.parametrize(
    ("value", "dtype", "expected"),
    [
        (np.ones(3), None, "float32"),
        (np.ones(3, np.float16), None, "float16"),
        (np.ones(3, np.int64), None, "int64"),
        (2, None, "int32"),
        (2.0, None, "float32"),
        ([1, 2], "float64", "float64"),
        (True, None, "bool"),
    ],
)
def test_dtype(value, dtype, expected):
    variable = Variable(value, dtype=dtype)
    assert variable.dtype == expected and variable.numpy().dtype.name == expected
    np.testing.assert_array_equal(variable.numpy(), value)


def test_initializers_and_errors():
    assert Variable("ones", shape=(2, 3)).numpy().sum() == 6
    assert Variable(lambda shape, dtype: np.full(shape, 7, dtype), shape=2).shape == (2,)
    with pytest.raises(ValueError, match="give a shape"):
        Variable("zeros")
    with pytest.raises(ValueError, match="every size of its shape must be a known number"):
        Variable("zeros", shape=(None, 2))
    with pytest.raises(ValueError, match="must not hold '/'"):
        Variable(1.0, name="a/b")
    with pytest.raises(NotImplementedError, match="layout must be None"):
        Variable(1.0, layout="sharded")


def test_path_names_the_scopes_around():
    with scope("block"), scope("dense"):
        assert Variable(1.0, name="kernel").path == "block/dense/kernel"


def test_assignment_outside_of_programs_changes_the_numbers():
    variable = Variable([1.0, 2.0], name="v")
    given = np.array([3.0, 4.0])
    variable.assign(given)
    given[0] = 99  # a copy was kept
    variable.assign_add([1, 1])
    variable.assign_sub(variable)
    np.testing.assert_array_equal(variable.numpy(), [0, 0])
    with pytest.raises(ValueError, match=r"shape \(2,\), a value of shape \(3,\)"):
        variable.assign(np.zeros(3))
    copy = variable.numpy()
    copy[:] = 5
    assert variable.numpy().sum() == 0


def test_operators():
    variable = Variable([1.0, 2.0])
    np.testing.assert_array_equal(2 * variable + 1, [3, 5])
    np.testing.assert_array_equal(np.array([1, 1]) - variable, [0, -1])
    assert variable[1] == 2
    np.testing.assert_allclose(np.exp(variable), np.exp([1.0, 2.0]), rtol=1e-6)
    np.testing.assert_array_equal(np.array([1.0, 3.0]) > variable, [False, True])
    assert float(Variable(3)) == 3


def test_inside_a_program_reads_see_assignments(numpy_target):
    count, total = Variable(0, name="count"), Variable(1.0, name="total")

    def step(x):
        count.assign_add(1)
        total.assign(total * 2 + ops.cast(count, "float32"))
        return total + x

    program = StaticFunction(step, "step")
    np.testing.assert_array_equal(program(np.zeros(2, np.float32)), [3, 3])
    np.testing.assert_array_equal(program(np.zeros(3, np.float32)), [8, 8, 8])
    assert (int(count), float(total)) == (2, 8)
    total.assign(0.0)
    np.testing.assert_array_equal(program(np.zeros(1, np.float32)), [3])
    assert len(program.signatures) == 1


def test_a_program_cannot_ask_for_numbers():
    variable = Variable(1.0)
    with Trace(), pytest.raises(TypeError, match="inside a traced program"):
        float(variable)
    with Trace() as trace:
        symbol = trace.placeholder(variable.type, "x")
    with pytest.raises(TypeError, match="cannot be assigned outside of a traced program"):
        variable.assign(symbol)


def test_numbers_move_with_the_target():
    variable = Variable(1.0, name="moving")

    def step(x):
        return variable.assign_add(1.0) + x

    program = StaticFunction(step, "step")
    x = np.zeros(1, np.float32)
    former = compiler_config.current().target
    try:
        for expected, target in enumerate(("numpy", "onnxruntime", "numpy", "onnxruntime"), start=2):
            config.set_target(target)
            assert program(x)[0] == expected
            assert float(variable) == expected
    finally:
        compiler_config.update(target=former)
