"""Composites are spelled out where the target has nothing better, and only there."""

from __future__ import annotations

import pytest

import graphkeras.compiler.ops  # noqa: F401  fills the registry
from graphkeras.compiler.graph import Graph, Value
from graphkeras.compiler.journal import recording
from graphkeras.compiler.ops.base import Composite, Op
from graphkeras.compiler.passes.expand_composites import expand_composites
from graphkeras.compiler.provenance import scope
from graphkeras.compiler.registry import OPS, ops
from graphkeras.compiler.types import TensorType
from graphkeras.compiler.verify import verify_same_meaning, verify_structure


def graph_of(name: str) -> Graph:
    x = Value(TensorType((2, 3)), "x")
    with scope("layer"):
        return Graph.of([x], [OPS[name](x)])


def names(graph: Graph) -> set[str]:
    return {node.op.name for node in graph.nodes}


def test_silu_is_spelled_out_for_onnxruntime() -> None:
    graph = graph_of("silu")
    with recording() as entries:
        result = expand_composites("onnxruntime")(graph)
    assert names(result) == {"multiply", "sigmoid"}
    assert [(entry.what, entry.scope) for entry in entries] == [("spelled out silu", "layer")]
    assert {node.origin.scope for node in result.nodes} == {"layer"}
    verify_structure(result, "expand_composites")
    verify_same_meaning(graph, result, "expand_composites")


def test_softmax_has_an_onnx_rule_and_stays() -> None:
    with recording() as entries:
        result = expand_composites("onnxruntime")(graph_of("softmax"))
    assert names(result) == {"softmax"} and not entries


def test_templates_stay_on_triton() -> None:
    graph = graph_of("softplus")
    assert names(expand_composites("triton", frozenset({"softplus"}))(graph)) == {"softplus"}
    assert "softplus" not in names(expand_composites("triton")(graph))


def test_composites_inside_composites_are_spelled_out_too() -> None:
    class Twice(Composite):
        """y = silu(silu(x)); not in the registry"""

        def expand(self, x: Value) -> Value:
            return ops.silu(ops.silu(x))  # type: ignore[no-any-return]

    x = Value(TensorType((2, 3)), "x")
    result = expand_composites("onnxruntime")(Graph.of([x], [Twice()(x)]))
    assert names(result) == {"multiply", "sigmoid"}


@pytest.mark.parametrize("target", ["onnxruntime", "triton"])
def test_no_composite_without_a_rule_is_left(target: str) -> None:
    rule = {"onnxruntime": "onnx", "triton": "element"}[target]
    for name, op in OPS.items():
        sample = next(iter(op.samples()))
        operands = [Value(TensorType(arg.shape, arg.dtype)) for arg in sample.args]
        made = op(*operands, **sample.attrs)
        result = expand_composites(target)(Graph.of(operands, made if isinstance(made, tuple) else (made,)))
        whole = [node for node in result.nodes if isinstance(node.op, Composite)]
        bare = [node for node in whole if getattr(type(node.op), rule) is getattr(Op, rule) and not node.op.onnx_name]
        left = [node.op.name for node in bare if not node.op.stays_whole(node, rule)]  # those have kernels of their own
        assert left == [], name
