"""Nodes on strings in front of the graph of an ONNX file: what turns strings into the numbers that the graph is fed with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import onnx
from onnx import NodeProto, TensorProto, helper

from ..dims import Dim
from ..graph import Value
from ..types import STRING

#: The version of the operators of ai.onnx.ml that goes with opset 18.
ML_VERSION = 3


@dataclass(frozen=True, eq=False)
class HostNode:
    """One node.

    Attributes:
        op: "LabelEncoder", or "Squeeze" or "Unsqueeze" of the last axis.
        inputs: inputs of the program, or outputs of other nodes.
        output: what it computes.
        attributes: of the LabelEncoder.
    """

    op: str
    inputs: tuple[Value, ...]
    output: Value
    attributes: Mapping[str, Any] = field(default_factory=dict)


def with_host_part(content: bytes, arguments: Sequence[Value], feeds: Sequence[Value], nodes: Sequence[HostNode]) -> bytes:
    """An ONNX file whose inputs are `arguments`, made of that of a graph.

    Args:
        content: the file of the graph.
        arguments: the inputs of the whole program, some of strings.
        feeds: the inputs of the graph: arguments, or outputs of the nodes.
        nodes: each after those whose outputs it takes.
    """
    model = onnx.load_from_string(content)
    names = {value: value.name for value in arguments}
    names.update(zip(feeds, (given.name for given in model.graph.input), strict=True))
    made = []
    for number, node in enumerate(nodes):
        output = names.setdefault(node.output, f"host_{number}")
        made += _protos(node, [names[value] for value in node.inputs], output)
    numbers = {given.name: given for given in model.graph.input}
    inputs = [numbers[names[value]] if value.type.dtype != STRING else _string_input(value) for value in arguments]
    whole = [*made, *model.graph.node]
    del model.graph.input[:], model.graph.node[:]
    model.graph.input.extend(inputs)
    model.graph.node.extend(whole)
    model.opset_import.append(helper.make_opsetid("ai.onnx.ml", ML_VERSION))
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def _string_input(value: Value) -> Any:
    sizes = [str(dim) if isinstance(dim, Dim) else dim for dim in value.type.shape]
    return helper.make_tensor_value_info(value.name, TensorProto.STRING, sizes)


def _protos(node: HostNode, inputs: list[str], output: str) -> list[NodeProto]:
    if node.op == "LabelEncoder":
        return [helper.make_node(node.op, inputs, [output], domain="ai.onnx.ml", **node.attributes)]
    axes = helper.make_tensor("axes", TensorProto.INT64, [1], [-1])
    return [
        helper.make_node("Constant", [], [f"{output}/axes"], value=axes),
        helper.make_node(node.op, [*inputs, f"{output}/axes"], [output]),
    ]
