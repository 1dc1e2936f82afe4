"""Every operation of `keras.ops` equals NumPy: on arrays at once, and in a graph with a symbolic batch."""

import numpy as np
import pytest

from graphkeras import KerasTensor, ops, tree
from graphkeras.compiler.executables.reference import evaluate_graph
from graphkeras.compiler.types import type_of
from graphkeras.operation import Operation
from graphkeras.tracing import StaticFunction, Trace
from tests.graphkeras.ops.cases import CASES

#: Operations that are tested elsewhere: the losses with the losses.
ELSEWHERE = {"binary_crossentropy", "categorical_crossentropy", "sparse_categorical_crossentropy"}


def close(found, expected, case):
    expected = np.asarray(expected)
    found = np.asarray(found)
    assert found.shape == expected.shape, f"{case.name}: shape {found.shape}, expected {expected.shape}"
    kind = "f" if found.dtype.kind == "V" else found.dtype.kind
    assert kind == expected.dtype.kind or expected.dtype.kind in "iu", f"{case.name}: {found.dtype} for {expected.dtype}"
    np.testing.assert_allclose(found.astype(np.float64), expected.astype(np.float64), rtol=2e-5, atol=2e-6, err_msg=case.name)


def check(found, case):
    with np.errstate(all="ignore"):
        expected = case.reference(*case.args, **case.kwargs)
    if isinstance(expected, (list, tuple)):
        assert len(found) == len(expected)
        for one, other in zip(found, expected):
            close(one, other, case)
    else:
        close(found, expected, case)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.label)
def test_on_arrays(case):
    found = getattr(ops, case.name)(*case.args, **case.kwargs)
    assert all(isinstance(leaf, (np.ndarray, np.generic)) for leaf in tree.flatten(found))
    check(found, case)


def arrays_of(case):
    return [leaf for leaf in tree.flatten((case.args, case.kwargs)) if isinstance(leaf, np.ndarray)]


#: Their second operand must be known while the graph is made.
KNOWN = {("repeat", 2)}
SYMBOLIC = [case for case in CASES if arrays_of(case) and (case.name, len(arrays_of(case))) not in KNOWN]


@pytest.mark.parametrize("case", SYMBOLIC, ids=lambda case: case.label)
def test_in_a_graph(case):
    """Every array operand is an input of the graph."""
    with Trace() as trace:

        def symbol(leaf):
            return trace.placeholder(type_of(leaf), "x") if isinstance(leaf, np.ndarray) else leaf

        args, kwargs = tree.map_structure(symbol, (case.args, case.kwargs))
        result = getattr(ops, case.name)(*args, **kwargs)
    graph = trace.graph([leaf.value for leaf in tree.flatten(result)])
    found, _ = evaluate_graph(graph, arrays_of(case))
    assert [array.dtype.name for array in found] == [value.type.dtype for value in graph.outputs]
    check(tree.pack_sequence_as(result, found), case)


def test_every_operation_has_a_case():
    operations = {name for name in dir(ops) if isinstance(getattr(ops, name), Operation)}
    assert operations - ELSEWHERE == {case.name for case in CASES}


@pytest.mark.parametrize(
    ("call", "shape"),
    [
        (lambda x: ops.reshape(x, (-1, 6)), (None, 6)),
        (lambda x: ops.reshape(x, (ops.shape(x)[0], -1)), (None, 12)),
        (lambda x: ops.concatenate([x, x], 0), (None, 3, 4)),
        (lambda x: ops.matmul(x, np.ones((4, 2), np.float32)), (None, 3, 2)),
        (lambda x: ops.sum(x, axis=0), (3, 4)),
        (lambda x: ops.flip(x, 0), (None, 3, 4)),
        (lambda x: x[1:], (None, 3, 4)),
        (lambda x: x[-1], (3, 4)),
        (lambda x: x[:, None, 0], (None, 1, 4)),
        (lambda x: ops.zeros_like(x), (None, 3, 4)),
        (lambda x: ops.split(x, 2, axis=2)[1], (None, 3, 2)),
        (lambda x: ops.arange(ops.shape(x)[0]), (None,)),
        (lambda x: ops.cast(ops.shape(x)[0], "float32") + x, (None, 3, 4)),
        (lambda x: ops.tile(x, (2, 1, 1)), (None, 3, 4)),
        (lambda x: ops.einsum("bij,kj->bik", x, np.ones((5, 4), np.float32)), (None, 3, 5)),
        (lambda x: ops.dot(x, np.ones((4, 2), np.float32)), (None, 3, 2)),
        (lambda x: ops.take(x, np.int32([0, -1]), axis=1), (None, 2, 4)),
    ],
)
def test_shapes_with_a_symbolic_batch(call, shape, numpy_target):
    """The symbolic result has the right shape, and the compiled one equals the eager one."""
    assert call(KerasTensor((None, 3, 4))).shape == shape
    x = np.arange(60, dtype=np.float32).reshape(5, 3, 4)
    x = np.concatenate([x, -x[:1]])
    compiled = StaticFunction(call, "call")
    for batch in (6, 2):
        np.testing.assert_allclose(compiled(x[:batch]), call(x[:batch]), rtol=1e-6)
    assert len(compiled.signatures) == 1


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: ops.reshape(x, (5, 5)), "reshape"),
        (lambda x: ops.matmul(x, np.ones((3, 2), np.float32)), r"must be equal, got 4 and 3"),
        (lambda x: ops.concatenate([x, np.ones((2, 2, 2))], 1), "concatenate"),
        (lambda x: ops.where(x > 0), "size depends on the data"),
        (lambda x: ops.get_item(x, (Ellipsis, 9)), "out of range"),
        (lambda x: ops.softmax(x, axis=7), "axis 7 is out of range"),
        (lambda x: ops.one_hot(x, 3), "must hold integers"),
        (lambda x: ops.cast(x, "float31"), "Unknown dtype 'float31'"),
    ],
)
def test_errors_are_the_same_on_symbols_and_arrays(call, message):
    for x in (KerasTensor((2, 3, 4)), np.ones((2, 3, 4), np.float32)):
        with pytest.raises((ValueError, TypeError, IndexError, NotImplementedError), match=message):
            call(x)
