"""Exported files run on a stock onnxruntime, also those that train."""

from __future__ import annotations

import json

import numpy as np
import onnx
import onnxruntime  # type: ignore[import-untyped]
import pytest

from graphkeras.compiler.driver import export_onnx
from graphkeras.compiler.executables.reference import evaluate_graph
from graphkeras.compiler.graph import Graph, StateSlot
from graphkeras.compiler.onnx_lowering.export import check
from graphkeras.compiler.provenance import scope
from graphkeras.compiler.registry import ops
from tests.compiler.onnx.examples import BATCH, Array, batch_of, counter, initial_state, training_step, value


def session(content: bytes) -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])


def classifier() -> tuple[Graph, dict[str, Array]]:
    x, kernel, bias = value("x", BATCH, 4), value("dense/kernel", 4, 3), value("dense/bias", 3)
    with scope("dense"):
        y = ops.softmax(ops.matmul(x, kernel) + bias, axis=-1)
    rng = np.random.default_rng(0)
    state = {"dense/kernel": rng.normal(size=(4, 3)).astype(np.float32), "dense/bias": rng.normal(size=3).astype(np.float32)}
    slots = [StateSlot("dense/kernel", kernel, kernel), StateSlot("dense/bias", bias, bias)]
    return Graph.of([x], [y], slots, "classifier", ["probabilities"]), state


def test_an_inference_model_has_its_weights_inside_and_any_batch_size() -> None:
    graph, state = classifier()
    content = export_onnx(graph, state, metadata={"author": "somebody"}, producer_version="1.2")
    model = onnx.load_from_string(content)
    onnx.checker.check_model(model, full_check=True)
    assert model.producer_name == "graphkeras" and model.producer_version == "1.2"
    assert {entry.key: entry.value for entry in model.metadata_props} == {"author": "somebody"}
    assert [value.name for value in model.graph.input] == ["x"]
    assert [value.name for value in model.graph.output] == ["probabilities"]
    assert {"dense/kernel", "dense/bias"} <= {tensor.name for tensor in model.graph.initializer}
    stock = session(content)
    for size in (1, 5):
        x = np.random.default_rng(size).normal(size=(size, 4)).astype(np.float32)
        expected = evaluate_graph(graph, [x], list(state.values()))[0][0]
        np.testing.assert_allclose(stock.run(["probabilities"], {"x": x})[0], expected, atol=1e-6)


def test_intermediate_types_are_stored() -> None:
    graph, state = classifier()
    model = onnx.load_from_string(export_onnx(graph, state))
    shapes = [[dim.dim_param or dim.dim_value for dim in info.type.tensor_type.shape.dim] for info in model.graph.value_info]
    assert ["batch", 3] in shapes


def test_users_folders_are_not_in_the_file() -> None:
    graph, state = classifier()
    content = export_onnx(graph, state)
    model = onnx.load_from_string(content)
    sources = {entry.value for node in model.graph.node for entry in node.metadata_props if entry.key == "source"}
    assert sources and all(source.startswith("test_export.py:") for source in sources)
    assert b"/tests/" not in content


def test_a_training_step_trains_on_stock_onnxruntime() -> None:
    """The file alone suffices: variables start from its defaults, and its metadata says which output goes to which input."""
    graph = training_step()
    state = initial_state(graph)
    content = export_onnx(graph, state, training=True)
    stock = session(content)
    pairs = json.loads(stock.get_modelmeta().custom_metadata_map["graphkeras.state"])
    names = [output.name for output in stock.get_outputs()]
    assert len(stock.get_inputs()) == 3  # variables have defaults, so only the batch must be fed
    carried: dict[str, Array] = {}
    expected = [state[slot.name] for slot in graph.state]
    losses = []
    for step in range(20):
        feeds = batch_of(5, seed=step % 2)
        (loss,), expected = evaluate_graph(graph, feeds, expected)
        results = dict(zip(names, stock.run(None, dict(zip(("x", "targets", "sample_weight"), feeds, strict=True)) | carried)))
        np.testing.assert_allclose(results["loss"], loss, rtol=1e-5, atol=1e-6)
        carried = {input_name: results[output_name] for input_name, output_name in pairs.items()}
        losses.append(float(results["loss"]))
    assert losses[-1] < losses[0]


def test_a_graph_that_updates_variables_is_no_inference_model() -> None:
    with pytest.raises(ValueError, match=r"Exporting count: it updates 'total'. Export .* training=True"):
        export_onnx(counter(), {"total": np.zeros((), np.float32)})


def test_every_variable_needs_a_value() -> None:
    graph, state = classifier()
    with pytest.raises(ValueError, match="Exporting classifier: there are no values for the variables dense/bias"):
        export_onnx(graph, {"dense/kernel": state["dense/kernel"]})


def test_a_wrong_model_is_not_let_through() -> None:
    node = onnx.helper.make_node("MatMul", ["x", "x"], ["y"])
    x = onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [2, 3])
    y = onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, [2, 3])
    model = onnx.helper.make_model(
        onnx.helper.make_graph([node], "wrong", [x], [y]), opset_imports=[onnx.helper.make_opsetid("", 18)], ir_version=8
    )
    with pytest.raises(RuntimeError, match="graphkeras has written a wrong ONNX model for wrong"):
        check(model)


def test_weights_are_stored_as_operators_want_them() -> None:
    """Weights of a layer in 16 bits are stored so, and turned; one that is read as it is, too, is stored both ways."""
    x, kernel, bias = value("x", BATCH, 4), value("kernel", 4, 3), value("bias", 3)
    half = [ops.cast(one, dtype="float16") for one in (x, kernel, bias)]
    product = ops.matmul(half[0], half[1]) + half[2]
    outputs = [ops.cast(product, dtype="float32"), x * ops.sum(kernel, axis=1)]
    slots = [StateSlot("kernel", kernel, kernel), StateSlot("bias", bias, bias)]
    graph, rng = Graph.of([x], outputs, slots), np.random.default_rng(0)
    state = {"kernel": rng.normal(size=(4, 3)).astype(np.float32), "bias": np.float32([1, 2, 3])}
    content = export_onnx(graph, state)
    model = onnx.load_from_string(content).graph
    stored = {one.name: (one.data_type, tuple(one.dims)) for one in model.initializer}
    assert stored["bias"] == (onnx.TensorProto.FLOAT16, (3,)) and stored["kernel"] == (onnx.TensorProto.FLOAT, (4, 3))
    assert (onnx.TensorProto.FLOAT16, (4, 3)) in stored.values()
    assert [set(node.input) & set(stored) for node in model.node if node.op_type in ("Cast", "Reshape", "Transpose")] == [
        set()
    ] * 2
    data = rng.normal(size=(2, 4)).astype(np.float32)
    found = session(content).run(None, {"x": data})
    for one, wanted in zip(found, evaluate_graph(graph, [data], list(state.values()))[0], strict=True):
        np.testing.assert_allclose(one, wanted, rtol=1e-2, atol=1e-2)
