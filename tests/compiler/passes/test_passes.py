"""Constant folding, common subexpressions and dead code: what they change, what they leave, what they note."""

import numpy as np

import graphkeras.compiler.ops  # noqa: F401  fills the registry
from graphkeras.compiler.dims import Dim
from graphkeras.compiler.graph import Graph, StateSlot, Value
from graphkeras.compiler.journal import Entry, recording
from graphkeras.compiler.passes.cse import eliminate_common_subexpressions
from graphkeras.compiler.passes.dce import eliminate_dead_code
from graphkeras.compiler.passes.fold_constants import fold_constants
from graphkeras.compiler.pipeline import Pass
from graphkeras.compiler.registry import ops
from graphkeras.compiler.types import TensorType
from graphkeras.compiler.verify import verify_same_meaning, verify_structure

batch = Dim.symbol("batch")
x, y = Value(TensorType((batch, 3)), "x"), Value(TensorType((batch, 3)), "y")


def after(run: Pass, *outputs: Value) -> tuple[Graph, list[str], list[Entry]]:
    """The graph after one pass, checked; the ops in it that results need; what the pass noted."""
    graph = Graph.of([x, y], outputs)
    with recording() as entries:
        result = run(graph)
    verify_structure(result, run.__name__)
    verify_same_meaning(graph, result, run.__name__)
    return result, [node.op.name for node in Graph.of(result.inputs, result.outputs).nodes], entries


# ---- constant folding


def test_constants_are_computed_once():
    _, names, entries = after(fold_constants, x * (ops.constant(value=np.float32(2)) * 3.0))
    assert names == ["constant", "multiply"]
    assert [entry.what for entry in entries] == ["folded multiply of constants"]


def test_several_steps_are_folded_in_one_go():
    _, names, _ = after(fold_constants, x + ops.exp(ops.sqrt(ops.constant(value=np.float32(2)) + 2.0)))
    assert names == ["constant", "add"]


def test_what_depends_on_a_symbol_stays():
    _, names, _ = after(fold_constants, x / ops.dimension(dim=batch, dtype="float32"))
    assert names == ["dimension", "divide"]


def test_a_known_size_is_a_constant():
    _, names, _ = after(fold_constants, x / ops.dimension(dim=3, dtype="float32"))
    assert names == ["constant", "divide"]


def test_folding_does_not_blow_up_the_program():
    large = ops.one_hot(ops.constant(value=np.arange(300, dtype=np.int32)), depth=300)
    _, names, entries = after(fold_constants, large)
    assert names == ["constant", "one_hot"]
    (refusal,) = entries
    assert refusal.refused
    assert refusal.why == "its result has 360000 bytes"


def test_ramps_and_repetitions_stay_what_they_are():
    """They cost nothing where they are read; as data they would be loaded."""
    ramp, repeated = ops.iota(size=40, dtype="float32"), ops.broadcast_to(ops.constant(value=np.float32(1)), shape=(40,))
    _, names, _ = after(fold_constants, ramp, repeated)
    assert names == ["iota", "constant", "broadcast_to"]


# ---- common subexpressions


def test_equal_expressions_are_computed_once():
    _, names, entries = after(eliminate_common_subexpressions, ops.exp(x + y) * ops.exp(x + y))
    assert names == ["add", "exp", "multiply"]
    assert [entry.what for entry in entries] == ["add is computed already", "exp is computed already"]
    assert "test_passes.py:" in entries[0].why


def test_the_order_of_commutative_operands_does_not_count():
    _, names, _ = after(eliminate_common_subexpressions, ops.maximum(x, y), ops.maximum(y, x), x - y, y - x)
    assert names == ["maximum", "subtract", "subtract"]


def test_attributes_and_the_sign_of_zero_count():
    results = [ops.sum(x, axis=0), ops.sum(x, axis=1), x / 0.0, x / -0.0]
    _, names, _ = after(eliminate_common_subexpressions, *results)
    assert names.count("sum") == names.count("divide") == 2


# ---- dead code


def test_what_no_result_needs_is_removed():
    graph = Graph((x,), (kept := ops.relu(x),), (ops.exp(x).node, kept.node))
    with recording() as entries:
        result = eliminate_dead_code(graph)
    assert [node.op.name for node in result.nodes] == ["relu"]
    assert [(entry.what, entry.why) for entry in entries] == [("removed exp", "no result needs it")]


def test_variables_stay_if_they_are_read_or_updated():
    read, updated, unused = (Value(TensorType((3,)), name) for name in ("read", "updated", "unused"))
    slots = [StateSlot("read", read, read), StateSlot("updated", updated, updated * 2.0), StateSlot("unused", unused, unused)]
    with recording() as entries:
        result = eliminate_dead_code(Graph.of([x], [x + read], slots))
    assert [slot.name for slot in result.state] == ["read", "updated"]
    assert [entry.what for entry in entries] == ["removed the variable unused"]


def test_a_variable_that_is_returned_as_it_was_stays():
    kept = Value(TensorType((3,)), "kept")
    assert eliminate_dead_code(Graph.of([], [kept], [StateSlot("kept", kept, kept)])).state
