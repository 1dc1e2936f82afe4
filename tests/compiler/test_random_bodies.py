"""Random graphs as branches and as bodies of loops: passes and targets keep their meaning; batching equals a loop."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graphkeras.compiler.batching import batched
from graphkeras.compiler.driver import compile_graph
from graphkeras.compiler.executables.reference import evaluate_graph
from graphkeras.compiler.graph import Graph, Value
from graphkeras.compiler.ops.body_rules import as_tuple, zeros
from graphkeras.compiler.ops.scan_gradient import saving_scan
from graphkeras.compiler.parser import parse_graph
from graphkeras.compiler.passes.unroll import unroll
from graphkeras.compiler.pipeline import PIPELINES, optimize
from graphkeras.compiler.registry import ops
from graphkeras.compiler.types import TensorType
from graphkeras.compiler.verify import verify_structure
from tests.compiler.random_graphs import feeds_for, graphs
from tests.compiler.test_random_graphs import assert_same

QUIET = {"deadline": None, "derandomize": True, "suppress_health_check": [HealthCheck.too_slow, HealthCheck.data_too_large]}
ROUNDS = 3


def closed_body(graph: Graph) -> Graph:
    """The graph without state: the variable is one more input, its new value one more output."""
    return Graph.of(graph.sources, graph.results, name="body")


def stacked(body: Graph) -> list[Value]:
    return [Value(value.type.with_shape((ROUNDS, *value.type.shape)), value.name) for value in body.inputs]


def in_a_branch(graph: Graph) -> Graph:
    body = closed_body(graph)
    nothing = [Value(value.type, value.name) for value in body.inputs]
    other = Graph.of(nothing, [zeros(value.type) for value in body.outputs], name="nothing")
    flag = Value(TensorType((), "bool"), "flag")
    made = ops.cond(flag, *body.inputs, when_true=body, when_false=other)
    return Graph.of([flag, *body.inputs], as_tuple(made))


def in_a_loop(graph: Graph) -> Graph:
    body = closed_body(graph)
    sources = stacked(body)
    made = saving_scan(*sources, body=body, carries=0, sequences=len(sources), length=ROUNDS)
    return Graph.of(sources, made)


def numbers(graph: Graph) -> list[np.ndarray]:
    return feeds_for(graph)[0]


def reference(graph: Graph) -> list[np.ndarray]:
    with np.errstate(all="ignore"):
        return evaluate_graph(graph, numbers(graph))[0]


wrapped = st.sampled_from([in_a_branch, in_a_loop])


@pytest.mark.parametrize("target", PIPELINES)
@settings(max_examples=25, **QUIET)
@given(graph=graphs(max_steps=20), wrap=wrapped)
def test_passes_keep_the_meaning_of_bodies(target, graph, wrap):
    whole = wrap(graph)
    result = optimize(whole, target)[-1].graph
    with np.errstate(all="ignore"):
        found = evaluate_graph(result, numbers(whole))[0]
        spelled_out = evaluate_graph(unroll(result.bind({"batch": 5})), numbers(whole))[0]
    assert_same(found, reference(whole), f"{whole}\n{result}")
    assert_same(spelled_out, reference(whole), f"{whole}\n{result}")


@settings(max_examples=25, **QUIET)
@given(graph=graphs(max_steps=20), wrap=wrapped)
def test_text_holds_bodies(graph, wrap):
    whole = wrap(graph)
    again = parse_graph(str(whole))
    verify_structure(again, "parsing")
    assert str(again) == str(whole)
    assert again.structure == whole.structure


@settings(max_examples=25, **QUIET)
@given(graph=graphs(max_steps=15), wrap=wrapped)
def test_onnxruntime_computes_bodies(graph, wrap):
    whole = wrap(graph)
    found = compile_graph(whole, {}, "onnxruntime").executable.run(numbers(whole))
    assert_same(found, reference(whole), str(whole))


@settings(max_examples=60, **QUIET)
@given(graph=graphs(max_steps=20))
def test_all_slices_at_once_equal_a_loop(graph):
    body = closed_body(graph)
    sources = stacked(body)
    results = batched(body, sources, [True] * len(sources), ROUNDS)
    if results is not None:
        assert_same(reference(Graph.of(sources, results)), reference(in_a_loop(graph)), str(body))
