"""An ONNX model as text, one node a line, with layer and source line: `onnx.printer` leaves the metadata out."""

from __future__ import annotations

from collections.abc import Iterator

from onnx import AttributeProto, ModelProto, NodeProto, TensorProto, ValueInfoProto, helper, numpy_helper

from .element_types import ELEMENT_TYPES

_DTYPES = {number: name for name, number in ELEMENT_TYPES.items()}
_SHOWN_ELEMENTS = 4


def model_text(model: ModelProto) -> str:
    """The model as text."""
    graph = model.graph
    opset = ", ".join(f"{entry.domain or 'ai.onnx'} {entry.version}" for entry in model.opset_import)
    lines = [f"onnx {graph.name}  # opset {opset}, IR {model.ir_version}"]
    lines += [f"  input {_value_text(value)}" for value in graph.input]
    lines += [f"  initializer {_tensor_text(tensor)}" for tensor in graph.initializer]
    lines += [f"  {line}" for node in graph.node for line in node_lines(node)]
    lines += [f"  output {_value_text(value)}" for value in graph.output]
    return "\n".join(lines)


def node_lines(node: NodeProto) -> Iterator[str]:
    """The node and, indented below it, its subgraphs."""
    yield node_text(node)
    for attribute in node.attribute:
        if attribute.type == AttributeProto.GRAPH:
            inputs = ", ".join(map(_value_text, attribute.g.input))
            yield f"  {attribute.name}({inputs}):"
            yield from (f"    {line}" for inner in attribute.g.node for line in node_lines(inner))
            yield f"    output {', '.join(map(_value_text, attribute.g.output))}"


def node_text(node: NodeProto) -> str:
    """``y = Op(a, b, axis=0)  # layer train.py:12``"""
    operands = [name or "_" for name in node.input]
    operands += [f"{attribute.name}={_attribute_text(attribute)}" for attribute in node.attribute]
    notes = {entry.key: entry.value for entry in node.metadata_props}
    comment = " ".join(notes[key] for key in ("namespace", "source") if key in notes)
    return f"{', '.join(node.output)} = {node.op_type}({', '.join(operands)})" + (f"  # {comment}" if comment else "")


def _attribute_text(attribute: AttributeProto) -> str:
    if attribute.type in (AttributeProto.GRAPH, AttributeProto.GRAPHS):
        return "<graph>"
    value = helper.get_attribute_value(attribute)
    if attribute.name == "to":
        return _DTYPES[int(value)]
    return value.decode() if isinstance(value, bytes) else str(value)


def _value_text(value: ValueInfoProto) -> str:
    tensor = value.type.tensor_type
    sizes = ",".join(dim.dim_param or str(dim.dim_value) for dim in tensor.shape.dim)
    return f"{value.name}: {_DTYPES[tensor.elem_type]}[{sizes.replace(' ', '')}]"


def _tensor_text(tensor: TensorProto) -> str:
    shape = ",".join(map(str, tensor.dims))
    head = f"{tensor.name}: {_DTYPES[tensor.data_type]}[{shape}]"
    array = numpy_helper.to_array(tensor)
    return f"{head} = {array.tolist()}" if array.size <= _SHOWN_ELEMENTS else head
