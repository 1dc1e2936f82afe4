"""Random graphs: what passes and targets make of them computes what they say.

The reference of every comparison is the unoptimized graph, run node by node by the ops' NumPy definitions.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from graphkeras.compiler import config
from graphkeras.compiler.driver import compile_graph, new_cell
from graphkeras.compiler.executables.reference import evaluate_graph
from graphkeras.compiler.graph import Graph, Node
from graphkeras.compiler.journal import recording
from graphkeras.compiler.parser import parse_graph
from graphkeras.compiler.passes import simplify as simplify_module
from graphkeras.compiler.passes.simplify import simplify
from graphkeras.compiler.pipeline import PIPELINES, optimize
from graphkeras.compiler.registry import ops
from graphkeras.compiler.rewrite import NodeRule, Replacement
from graphkeras.compiler.verify import VerificationError
from tests.compiler.random_graphs import feeds_for, graphs, random_graph

QUIET = {"deadline": None, "derandomize": True, "suppress_health_check": [HealthCheck.too_slow, HealthCheck.data_too_large]}
TOLERANCE = {"float64": 1e-7, "float32": 2e-3}


@pytest.fixture(scope="module", autouse=True)
def verification():
    """Every pass of every example is checked by the reference, too."""
    former = config.update(verify=True)
    yield
    config.update(verify=former.verify)


def reference(graph: Graph) -> list[np.ndarray]:
    with np.errstate(all="ignore"):
        outputs, state = evaluate_graph(graph, *feeds_for(graph))
    return [*outputs, *state]


def assert_same(actual: list[np.ndarray], expected: list[np.ndarray], text: str) -> None:
    for a, b in zip(actual, expected, strict=True):
        assert a.dtype == b.dtype, text
        assert a.shape == b.shape, text
        if a.dtype.kind == "f":
            tolerance = TOLERANCE[a.dtype.name]
            np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance, err_msg=text)
        else:
            np.testing.assert_array_equal(a, b, err_msg=text)


@pytest.mark.parametrize("target", PIPELINES)
@settings(max_examples=150, **QUIET)
@given(graph=graphs())
def test_passes_keep_the_meaning(target, graph):
    result = optimize(graph, target)[-1].graph
    assert {slot.name for slot in result.state} <= {slot.name for slot in graph.state}
    feeds, (weight,) = feeds_for(graph)
    with np.errstate(all="ignore"):
        outputs, state = evaluate_graph(result, feeds, [weight] * len(result.state))
    assert_same([*outputs, *(state or [weight])], reference(graph), f"{graph}\n{result}")


@settings(max_examples=150, **QUIET)
@given(graph=graphs())
def test_simplification_comes_to_an_end(graph):
    once = simplify(graph)
    with recording() as entries:
        simplify(once)
    assert not [entry.what for entry in entries if not entry.refused], str(graph)


@settings(max_examples=150, **QUIET)
@given(graph=graphs())
def test_text_holds_the_whole_graph(graph):
    again = parse_graph(str(graph))
    assert str(again) == str(graph)
    assert_same(reference(again), reference(graph), str(graph))


def run_on(target: str, graph: Graph) -> list[np.ndarray]:
    feeds, (weight,) = feeds_for(graph)
    cells = {"weight": new_cell(graph.state[0].input.type, weight, target)}
    executable = compile_graph(graph, cells, target).executable
    return [*executable.run(feeds), cells["weight"].read()]


@settings(max_examples=150, **QUIET)
@given(graph=graphs("float64", 20))
def test_onnxruntime_computes_the_same_in_float64(graph):
    assert_same(run_on("onnxruntime", graph), reference(graph), str(graph))


@settings(max_examples=150, **QUIET)
@given(graph=graphs("float32", 20))
def test_onnxruntime_computes_the_same_in_float32(graph):
    assert_same(run_on("onnxruntime", graph), reference(graph), str(graph))


def test_a_wrong_rule_is_found(monkeypatch):
    """These graphs are rich enough: a rule that forgets a transpose before a reshape does not survive them."""

    def forget_transpose(node: Node) -> Replacement:
        inner = node.inputs[0].node
        if inner is None or inner.op.name != "transpose":
            return None
        return ops.reshape(inner.inputs[0], shape=node.output.type.shape)

    wrong = NodeRule("reshape(transpose(x)) -> reshape(x)", lambda: ("reshape", "expand_dims", "squeeze"), forget_transpose)
    monkeypatch.setattr(simplify_module, "RULES", (*simplify_module.RULES, wrong))
    with pytest.raises(VerificationError, match="The pass simplify changed the result"):
        for seed in range(300):
            optimize(random_graph(seed, 20, "float64"), "numpy")
