"""Graph -> ONNX model: names, metadata, symbolic sizes, validity of every op's rule."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx
import onnxruntime  # type: ignore[import-untyped]
import pytest

from graphkeras.compiler.dims import Dim
from graphkeras.compiler.emitter import Emitter
from graphkeras.compiler.graph import Graph, Node, StateSlot
from graphkeras.compiler.onnx_lowering.export import check
from graphkeras.compiler.onnx_lowering.lower import IR_VERSIONS, lower
from graphkeras.compiler.onnx_lowering.names import Names
from graphkeras.compiler.onnx_lowering.text import model_text
from graphkeras.compiler.ops.base import Op
from graphkeras.compiler.ops.matrices import HostOp
from graphkeras.compiler.pipeline import optimize
from graphkeras.compiler.provenance import scope
from graphkeras.compiler.registry import OPS, ops
from graphkeras.compiler.types import TensorType
from tests.compiler.conformance import cases, graph_of
from tests.compiler.onnx.examples import BATCH, Array, batch_of, initial_state, training_step, value


def optimized(graph: Graph) -> Graph:
    return optimize(graph, "onnxruntime")[-1].graph


def notes_of(node: onnx.NodeProto) -> dict[str, str]:
    return {entry.key: entry.value for entry in node.metadata_props}


def run(model: onnx.ModelProto, feeds: dict[str, Array]) -> list[Array]:
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return list(session.run(None, feeds))


def shape_of(info: onnx.ValueInfoProto) -> list[int | str]:
    return [dim.dim_param or dim.dim_value for dim in info.type.tensor_type.shape.dim]


@pytest.mark.parametrize("name", sorted(name for name, op in OPS.items() if not isinstance(op, HostOp)))
def test_every_rule_writes_what_the_checker_accepts(name: str) -> None:
    """Full check and strict shape inference; and ONNX infers no other type than the graph has."""
    graph = optimized(graph_of(list(cases(OPS[name])))[0])
    check(lower(graph, describe=True).model)


@pytest.mark.parametrize("opset", sorted(IR_VERSIONS))
def test_a_training_step_in_every_opset(opset: int) -> None:
    graph = optimized(training_step())
    program = lower(graph, opset=opset)
    check(program.model)
    assert program.model.ir_version == IR_VERSIONS[opset]
    assert [(entry.domain, entry.version) for entry in program.model.opset_import] == [("", opset)]
    state = initial_state(graph)
    feeds = dict(zip(program.inputs, batch_of(4), strict=True)) | {program.state_inputs[n]: v for n, v in state.items()}
    results = run(program.model, feeds)
    assert len(results) == 1 + len(program.state_outputs)
    assert np.isfinite(results[0])


def test_default_is_opset_18_and_ir_8() -> None:
    model = lower(Graph.of([], [ops.constant(value=np.float32(1))])).model
    assert model.ir_version == 8 and model.opset_import[0].version == 18 and model.producer_name == "graphkeras"


def test_other_opsets_are_refused() -> None:
    with pytest.raises(ValueError, match="The opset must be one of 18, 19, 20, 21, got 17"):
        lower(Graph.of([], [ops.constant(value=np.float32(1))]), opset=17)


def test_nodes_are_named_by_layer_and_know_where_they_come_from() -> None:
    program = lower(optimized(training_step()))
    by_name = {node.name: node for node in program.model.graph.node}
    forward = by_name["model/dense_0/MatMul"]
    notes = notes_of(forward)
    assert list(forward.input) == ["x", "kernel_0"]
    assert notes["namespace"] == "model/dense_0" and notes["op"] == "matmul"
    assert notes["source"].rpartition(":")[0].endswith("tests/compiler/training_steps.py")
    assert notes["flops"] == "60*batch"
    assert notes_of(by_name["model/dense_0/gradient/MatMul"])["namespace"] == "model/dense_0/gradient"
    assert program.outputs == ("loss",) and program.state_outputs["kernel_0"] == "kernel_0.next"
    assert program.model.graph.output[0].name == "loss"


def test_names_are_unique() -> None:
    names = Names()
    assert [names.unique(hint) for hint in ("a", "a", "a_1", "a", "")] == ["a", "a_1", "a_1_1", "a_2", "value"]


def test_a_variable_an_input_and_an_output_may_have_one_name() -> None:
    x, variable = value("x", 2), value("x", 2)
    program = lower(Graph.of([x], [x + variable], [StateSlot("x", variable, variable)], "g", ["x"]))
    assert program.inputs == ("x",) and program.state_inputs["x"] == "x_1" and program.outputs == ("x_2",)
    check(program.model)


def test_equal_constants_are_stored_once() -> None:
    x = value("x", 3)
    weights = np.arange(3, dtype=np.float32)
    y = (
        x * ops.constant(value=weights)
        + ops.constant(value=weights.copy())
        + ops.constant(value=weights.astype(np.float64).astype("f4"))
    )
    model = lower(Graph.of([x], [y * 2.0 + 2.0])).model
    assert sorted(tensor.name for tensor in model.graph.initializer) == ["2_float32", "constant_float32_3"]


def test_negative_zero_and_zero_are_two_constants() -> None:
    x = value("x")
    y = (x + ops.constant(value=np.float32(0.0))) / ops.constant(value=np.float32(-0.0))
    assert len(lower(Graph.of([x], [y])).model.graph.initializer) == 2


def test_symbolic_sizes_are_computed_from_the_inputs() -> None:
    seq = Dim.symbol("seq")
    x = value("x", BATCH, seq, 2)
    sizes = [BATCH, BATCH * seq, BATCH * 2 + 3, (seq - 1) // 2 + 1, BATCH * BATCH - seq]
    outputs = [ops.dimension(dim=size, dtype="int64") for size in sizes]
    outputs.append(ops.reshape(x, shape=(BATCH * seq, 2)))
    program = lower(Graph.of([x], outputs))
    check(program.model)
    for batch, length in ((4, 3), (1, 6), (5, 0)):
        results = run(program.model, {"x": np.zeros((batch, length, 2), np.float32)})
        bound = [dim.bind({"batch": batch, "seq": length}) for dim in sizes if isinstance(dim, Dim)]
        assert [int(result) for result in results[:-1]] == bound
        assert results[-1].shape == (batch * length, 2)
    assert shape_of(program.model.graph.input[0]) == ["batch", "seq", 2]
    assert shape_of(program.model.graph.output[-1]) == ["batch*seq", 2]


def test_shapes_of_inputs_are_read_only_where_needed() -> None:
    x = value("x", BATCH, 3)
    model = lower(Graph.of([x], [ops.relu(x)])).model
    assert [node.op_type for node in model.graph.node] == ["Relu"]


def test_a_size_that_no_input_tells_is_an_error() -> None:
    x = value("x", BATCH * 2)
    with pytest.raises(
        NotImplementedError, match="the size 'batch' cannot be computed: no input has an axis of exactly that size"
    ):
        lower(Graph.of([x], [ops.dimension(dim=BATCH, dtype="int64")]))


def test_results_that_no_node_computes_are_copied() -> None:
    x, w = value("x", 2), value("w", 2)
    y = ops.relu(x)
    program = lower(Graph.of([x], [y, y, x, w], [StateSlot("w", w, y)], "g", ["a", "b", "c", "d"]))
    check(program.model)
    results = run(program.model, {"x": np.array([-1, 2], np.float32), "w": np.array([5, 6], np.float32)})
    assert [result.tolist() for result in results] == [[0, 2], [0, 2], [-1, 2], [5, 6], [0, 2]]


class Unknown(Op):
    """An op that ONNX has no form of; not in the registry."""

    def infer(self, x: TensorType) -> TensorType:
        return x

    def onnx(self, emit: Emitter, node: Node, inputs: Sequence[str]) -> str:
        raise NotImplementedError("there is no such operator.")


def test_an_op_without_a_rule_is_an_error_that_says_where() -> None:
    x = value("x", BATCH, 3)
    with scope("model/odd_layer"):
        y = Unknown()(x)
    with pytest.raises(NotImplementedError) as caught:
        lower(Graph.of([x], [y]))
    message = str(caught.value)
    assert "float32[batch,3]) of layer 'model/odd_layer', written at " in message
    assert "test_lowering.py:" in message and "there is no such operator." in message
    assert "run the model on the target 'numpy' or 'triton'" in message


def test_text_shows_every_part_of_a_model() -> None:
    x, w = value("x", BATCH, 2), value("w", 2)
    with scope("layer"):
        y = ops.sum(x * w, axis=1)
    text = model_text(lower(Graph.of([x], [y], [StateSlot("w", w, w)], "tiny", ["y"])).model)
    assert "onnx tiny  # opset ai.onnx 18, IR 8" in text
    assert "  input x: float32[batch,2]" in text
    assert "  initializer [1]_int64: int64[1] = [1]" in text
    assert "  layer/Mul = Mul(x, w)  # layer " in text
    assert "y = ReduceSum(layer/Mul, [1]_int64, keepdims=0)" in text
    assert "  output y: float32[batch]" in text
