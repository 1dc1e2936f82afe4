"""Graphs print and parse back; passes keep their meaning; verification finds broken graphs."""

from dataclasses import replace

import numpy as np
import pytest

import graphkeras.compiler.ops  # noqa: F401  fills the registry
from graphkeras.compiler import config
from graphkeras.compiler.dims import Dim
from graphkeras.compiler.executables.reference import NumpyCell, NumpyExecutable
from graphkeras.compiler.graph import Graph, StateSlot, Value
from graphkeras.compiler.parser import ParseError, parse_graph
from graphkeras.compiler.pipeline import optimize
from graphkeras.compiler.registry import ops
from graphkeras.compiler.types import TensorType
from graphkeras.compiler.verify import VerificationError, verify_same_meaning, verify_structure

batch = Dim.symbol("batch")


def counter_graph() -> Graph:
    x = Value(TensorType((batch, 3)), "x")
    total = Value(TensorType((3,)), "total")
    scaled = x * 2.0 * np.arange(3, dtype=np.float32) + total
    dead = ops.relu(x)
    y = ops.relu(scaled) + ops.relu(scaled)
    graph = Graph.of([x], [y, dead], [StateSlot("layer/total", total, total + 1.0)], "counter", ["y", "dead"])
    return replace(graph, outputs=(y,), output_names=("y",))


def test_a_graph_prints_and_parses_back():
    graph = counter_graph()
    text = str(graph)
    assert "graph counter(x: float32[batch,3]) -> (y):" in text
    assert "state total: float32[3] -> " in text
    again = parse_graph(text)
    assert str(again) == text
    verify_same_meaning(graph, again, "parse")


def test_source_lines_are_kept():
    text = str(counter_graph())
    assert "test_graph.py:" in text
    assert parse_graph(text).nodes[0].origin.source.split(":")[0].endswith("test_graph.py")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("hello", "Line 1: expected 'graph"),
        ("graph g(x: float32[2]) -> (y):\n  y: float32[2] = rleu(x)\n  return y", "Line 2: there is no op 'rleu'"),
        ("graph g(x: float32[2]) -> (y):\n  y: float32[2] = relu(z)\n  return y", "Line 2: there is no value 'z'"),
        ("graph g(x: float32[2]) -> (y):\n  y: float32[2] = relu(x)", "last line must be 'return"),
        ("graph g() -> (y):\n y: float32[99] = constant(value=float32[99]{1.0, ...})\n return y", "was left out"),
    ],
)
def test_a_parse_error_names_the_line(text, message):
    with pytest.raises(ParseError, match=message):
        parse_graph(text)


@pytest.mark.parametrize("target", ["numpy"])
def test_passes_keep_the_meaning(target):
    former = config.update(verify=True)
    try:
        stages = optimize(counter_graph(), target)
    finally:
        config.update(verify=former.verify)
    names = [node.op.name for node in stages[-1].graph.nodes]
    assert names.count("relu") == 1, "equal expressions are computed once and dead ones not at all"
    by_name = {stage.name: stage for stage in stages}
    assert any("relu is computed already" in entry.what for entry in by_name["eliminate_common_subexpressions"].entries)
    assert any("removed relu" in entry.what for entry in by_name["eliminate_dead_code"].entries)


def test_verification_finds_a_broken_graph():
    graph = counter_graph()
    with pytest.raises(VerificationError, match="before it is made"):
        verify_structure(replace(graph, nodes=graph.nodes[1:]), "a bad pass")
    x = Value(TensorType((2,)), "x")
    with pytest.raises(VerificationError, match="changed the result 'y'"):
        verify_same_meaning(
            Graph.of([x], [ops.relu(x)], output_names=["y"]), Graph.of([x], [x * 2.0], output_names=["y"]), "a bad pass"
        )


def test_the_reference_keeps_state():
    graph = counter_graph()
    step = NumpyExecutable(graph, {"layer/total": NumpyCell(TensorType((3,)), np.zeros(3))})
    x = np.ones((4, 3), np.float32)
    first, second = step.run([x])[0], step.run([x])[0]
    np.testing.assert_array_equal(first[0], [0, 4, 8])
    np.testing.assert_array_equal(second[0], [2, 6, 10])
    np.testing.assert_array_equal(step.read_state("layer/total"), [2, 2, 2])
    step.write_state("layer/total", np.zeros(3))
    np.testing.assert_array_equal(step.run([x])[0], first)


@pytest.mark.parametrize(
    ("feeds", "error", "message"),
    [
        ([], ValueError, "counter takes 1 inputs"),
        ([np.ones((2, 4), np.float32)], ValueError, r"Input 'x' of counter has shape \(batch, 3\).* got \(2, 4\)"),
        ([np.ones((2, 3))], TypeError, "got dtype float64"),
    ],
)
def test_bad_feeds_are_refused(feeds, error, message):
    step = NumpyExecutable(counter_graph(), {"layer/total": NumpyCell(TensorType((3,)), np.zeros(3))})
    with pytest.raises(error, match=message):
        step.run(feeds)
