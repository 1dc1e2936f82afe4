"""The operations equal those of real Keras (JAX backend) in shape, dtype and numbers: on arrays at once, and in a graph."""

import numpy as np
import pytest

import graphkeras
from graphkeras import ops, tree
from graphkeras.compiler.executables.reference import evaluate_graph
from graphkeras.operation import OpFunction
from graphkeras.tools.coverage.calls import FAMILIES
from graphkeras.tools.coverage.symbols import arrays_of, traced
from tests.graphkeras.ops.expectations import PLACES, check, label

each_call = pytest.mark.parametrize("place", PLACES, ids=label)
SYMBOLIC = [(family, k) for family, k in PLACES if not FAMILIES[family][k].eager and arrays_of(FAMILIES[family][k])]


@each_call
def test_on_arrays(place):
    family, number = place
    found = FAMILIES[family][number].make(graphkeras)
    assert all(isinstance(leaf, (np.ndarray, np.generic)) for leaf in tree.flatten(found))
    check(found, place)


@pytest.mark.parametrize("place", SYMBOLIC, ids=label)
def test_in_a_graph(place):
    """Every array operand is an input of the graph."""
    family, number = place
    call = FAMILIES[family][number]
    graph = traced(call)
    found, _ = evaluate_graph(graph, arrays_of(call))
    assert [array.dtype.name for array in found] == [value.type.dtype for value in graph.outputs]
    check(found, place)


def test_every_operation_has_a_call():
    operations = {name for name in dir(ops) if isinstance(getattr(ops, name), OpFunction)}
    assert not operations - {call.name for calls in FAMILIES.values() for call in calls}
