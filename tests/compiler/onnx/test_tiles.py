"""Updates of large variables in tiles: the same numbers, on pieces of the same memory."""

from __future__ import annotations

import numpy as np
import pytest

from graphkeras.compiler.driver import compile_graph
from graphkeras.compiler.executables.onnxruntime import OnnxruntimeExecutable
from graphkeras.compiler.executables.reference import evaluate_graph
from graphkeras.compiler.graph import Graph, StateSlot
from graphkeras.compiler.onnx_lowering import tiles
from graphkeras.compiler.registry import ops
from graphkeras.compiler.verify import verify_structure
from tests.compiler.onnx.examples import BATCH, batch_of, cells_of, initial_state, training_step, value


@pytest.fixture(autouse=True)
def small_tiles(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiles, "LARGE", 12)
    monkeypatch.setattr(tiles, "TILE", 8)


def names(graph: Graph) -> set[str]:
    return {slot.name for slot in graph.state}


def test_a_training_step_in_tiles_equals_the_reference() -> None:
    graph = training_step()
    state = initial_state(graph)
    executable = compile_graph(graph, cells_of(state), "onnxruntime").executable
    assert isinstance(executable, OnnxruntimeExecutable)
    assert {"kernel_0[0:1]", "kernel_0_momentum[5:6]", "kernel_1[4:5]"} <= set(executable.program.state_inputs)
    assert "kernel_0" in executable.program.state_inputs and "kernel_0_momentum" not in executable.program.state_inputs
    expected = [state[slot.name] for slot in graph.state]
    for step in range(6):
        feeds = batch_of(4, seed=step)
        (loss,), expected = evaluate_graph(graph, feeds, expected)
        np.testing.assert_allclose(executable.run(feeds)[0], loss, rtol=1e-5, atol=1e-6)
    for slot, array in zip(graph.state, expected, strict=True):
        np.testing.assert_allclose(executable.read_state(slot.name), array, rtol=1e-4, atol=1e-5, err_msg=slot.name)


def test_operands_that_are_broadcast_along_the_rows_stay_whole() -> None:
    w, x = value("w", 5, 4), value("x", BATCH, 4)
    rates, row, number = value("rates", 5, 1), value("row", 4), value("number")
    new = w * rates + row * number + ops.sum(x)
    slots = [StateSlot("w", w, new)] + [StateSlot(v.name, v, v) for v in (rates, row, number)]
    graph = Graph.of([x], [ops.sum(x)], slots)
    tiled, where = tiles.tile_updates(graph)
    verify_structure(tiled, "tile_updates")
    assert names(tiled) >= {"w[0:2]", "w[4:5]", "rates[0:2]", "row", "number"} and "w" not in names(tiled)
    assert where["w[2:4]"] == tiles.Tile("w", 2, 4)
    rng = np.random.default_rng(0)
    state = {slot.name: rng.normal(size=slot.input.type.shape).astype(np.float32) for slot in slots}
    executable = compile_graph(graph, cells_of(state), "onnxruntime").executable
    feed = rng.normal(size=(3, 4)).astype(np.float32)
    expected = list(state.values())
    for _ in range(3):
        expected = evaluate_graph(graph, [feed], expected)[1]
        executable.run([feed])
    np.testing.assert_allclose(executable.read_state("w"), expected[0], rtol=1e-4)


def test_a_value_that_something_else_needs_is_computed_whole() -> None:
    w, v = value("w", 6, 4), value("v", 6, 4)
    squared = ops.square(w)
    graph = Graph.of([], [ops.sum(squared)], [StateSlot("w", w, w - squared), StateSlot("v", v, v + squared)])
    tiled, _ = tiles.tile_updates(graph)
    verify_structure(tiled, "tile_updates")
    assert [node.op.name for node in tiled.nodes].count("square") == 1
    assert names(tiled) == {"w", *(f"{name}[{k}:{k + 2}]" for name in "wv" for k in (0, 2, 4))}


def test_small_and_unknown_shapes_and_outputs_are_left() -> None:
    small, w, x = value("small", 2, 4), value("w", 6, 4), value("x", BATCH, 40)
    new = w + 1
    slots = [StateSlot("small", small, small + 1), StateSlot("w", w, new)]
    graph = Graph.of([x], [new, x * 2], slots)
    assert tiles.tile_updates(graph) == (graph, {})


def test_variables_that_are_replaced_or_change_places() -> None:
    a, b, c = value("a", 6, 4), value("b", 6, 4), value("c", 6, 4)
    slots = [StateSlot("a", a, b), StateSlot("b", b, a), StateSlot("c", c, ops.exp(a))]
    graph = Graph.of([], [], slots)
    rng = np.random.default_rng(0)
    state = {name: rng.normal(size=(6, 4)).astype(np.float32) for name in "abc"}
    executable = compile_graph(graph, cells_of(state), "onnxruntime").executable
    executable.run([])
    np.testing.assert_array_equal(executable.read_state("a"), state["b"])
    np.testing.assert_array_equal(executable.read_state("b"), state["a"])
    np.testing.assert_allclose(executable.read_state("c"), np.exp(state["a"]), rtol=1e-6)
