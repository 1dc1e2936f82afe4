"""The rewriting driver: order, fixed points, refusals; and matching of patterns."""

from itertools import permutations

import pytest

import graphkeras.compiler.ops  # noqa: F401  fills the registry
from graphkeras.compiler.graph import Graph, StateSlot, Value
from graphkeras.compiler.journal import recording
from graphkeras.compiler.patterns import Pattern
from graphkeras.compiler.provenance import scope
from graphkeras.compiler.registry import ops
from graphkeras.compiler.rewrite import Rule, Skip, apply_rules, node_rule, rewrite, rule
from graphkeras.compiler.types import TensorType
from graphkeras.compiler.verify import verify_structure


def inputs(*names: str) -> list[Value]:
    return [Value(TensorType((2, 3)), name) for name in names]


def op_names(graph: Graph) -> list[str]:
    return [node.op.name for node in graph.nodes]


def alive(graph: Graph) -> Graph:
    return Graph.of(graph.inputs, graph.outputs, graph.state)


# ---- patterns


@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize("second", [0, 1])
@pytest.mark.parametrize("outer", [0, 1])
def test_commutative_operands_match_in_every_order_at_every_depth(first, second, outer):
    a, b, c = inputs("a", "b", "c")
    products = [(a * b, b * a)[first], (a * c, c * a)[second]]
    total = products[outer] + products[1 - outer]
    x, y, z = (Pattern(name=name) for name in "xyz")
    found = list((x * y + x * z).matches(total, {}))
    assert {frozenset({match["y"].name, match["z"].name}) for match in found} == {frozenset("bc")}
    assert all(match["x"] is a for match in found)


def test_a_hole_that_stands_twice_must_be_one_value():
    a, b = inputs("a", "b")
    x = Pattern(name="x")
    assert list((x - x).matches(a - a, {}))
    assert not list((x - x).matches(a - b, {}))


def test_attributes_are_matched_and_captured():
    (a,) = inputs("a")
    x, axis = Pattern(name="x"), Pattern(name="axis")
    total = ops.sum(a, axis=1)
    assert [match["axis"] for match in ops.sum(x, axis=axis).matches(total, {})] == [(1,)]
    assert not list(ops.sum(x, keepdims=True).matches(total, {}))
    assert list(ops.sum(x, keepdims=False).matches(total, {}))


def test_three_factors_match_in_all_orders():
    values = inputs("a", "b", "c")
    pattern = Pattern(name="x") * Pattern(name="y") * Pattern(name="z")
    for p, q, r in permutations(values):
        assert len(list(pattern.matches((p * q) * r, {}))) == 2


# ---- the driver


def test_what_a_rule_makes_is_offered_again_in_the_same_sweep():
    offered = []
    (x,) = inputs("x")

    def expand(node):
        offered.append(node.op.name)
        if node.op.name == "silu":
            return [ops.multiply(ops.sigmoid(node.inputs[0]), node.inputs[0])]
        if node.op.name == "sigmoid":
            return [ops.reciprocal(ops.exp(-node.inputs[0]) + 1)]
        return None

    graph = rewrite(Graph.of([x], [ops.relu(ops.silu(x))]), expand)
    verify_structure(graph, "expand")
    assert op_names(graph) == ["negative", "exp", "constant", "add", "reciprocal", "multiply", "relu"]
    assert offered.count("silu") == offered.count("sigmoid") == offered.count("multiply") == 1


def test_replacements_keep_scope_and_name():
    (x,) = inputs("x")
    with scope("model/dense"):
        y = ops.silu(x)
    y.name = "activation"
    graph = rewrite(
        Graph.of([x], [y]), lambda node: [node.inputs[0] * ops.sigmoid(node.inputs[0])] if node.op.name == "silu" else None
    )
    assert {node.origin.scope for node in graph.nodes} == {"model/dense"}
    assert graph.outputs[0].name == "activation"
    assert graph.nodes[0].origin.source.endswith("test_rewrite.py:" + graph.nodes[0].origin.source.rpartition(":")[2])


def test_a_replacement_of_another_type_is_refused():
    rules: list[Rule] = []
    rule(rules, "relu(x) -> sum(x)", before=lambda x: ops.relu(x))(lambda x: ops.sum(x))
    (x,) = inputs("x")
    with recording() as entries:
        graph = apply_rules(Graph.of([x], [ops.relu(x)]), rules)
    assert op_names(graph) == ["relu"]
    assert [(entry.refused, entry.why) for entry in entries] == [(True, "the type would change from float32[2,3] to float32[]")]


def test_rules_that_undo_each_other_are_named():
    rules: list[Rule] = []
    rule(rules, "exp(x) -> sin(x)", before=lambda x: ops.exp(x))(lambda x: ops.sin(x))
    rule(rules, "sin(x) -> exp(x)", before=lambda x: ops.sin(x))(lambda x: ops.exp(x))
    rule(rules, "relu(x) -> x", before=lambda x: ops.relu(x))(lambda x: x)
    (x,) = inputs("x")
    with pytest.raises(RuntimeError, match=r"for ever: exp\(x\) -> sin\(x\), sin\(x\) -> exp\(x\)\."):
        apply_rules(Graph.of([x], [ops.relu(ops.exp(x))]), rules)


def test_another_match_is_tried_when_one_is_refused():
    rules: list[Rule] = []

    @rule(rules, "x * y -> x where y is b", before=lambda x, y: x * y)
    def drop(x, y):
        return x if y.name == "b" else Skip("y is not b")

    a, b = inputs("a", "b")
    assert apply_rules(Graph.of([a, b], [b * a]), rules).outputs == (a,)


def test_a_rule_for_several_ops():
    rules: list[Rule] = []

    @node_rule(rules, "f(f(x)) -> f(x) for floor, ceil", ("floor", "ceil"))
    def twice(node):
        inner = node.inputs[0].node
        return node.inputs[0] if inner is not None and inner.op is node.op else None

    (x,) = inputs("x")
    graph = Graph.of([x], [ops.floor(ops.floor(ops.ceil(ops.ceil(x))))])
    assert op_names(alive(apply_rules(graph, rules))) == ["ceil", "floor"]


def test_a_graph_that_no_rule_touches_keeps_its_nodes():
    (x,) = inputs("x")
    graph = Graph.of([x], [ops.relu(ops.exp(x))])
    assert apply_rules(graph, []).nodes == graph.nodes


def test_state_that_a_rule_reduces_to_its_input_counts_as_read_only():
    rules: list[Rule] = []
    rule(rules, "x + 0 -> x", before=lambda x: x + 0)(lambda x: x)
    (x,) = inputs("x")
    graph = Graph.of([], [], [StateSlot("x", x, x + 0.0)])
    assert graph.state[0].is_updated
    assert not apply_rules(graph, rules).state[0].is_updated
