"""From a graph to an ONNX model: every node by its op's rule."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from onnx import ModelProto, NodeProto, ValueInfoProto, helper

from ..graph import Graph, Value
from .emitter import ModelEmitter, value_info
from .names import Names

OPSET = 18
#: opset -> the oldest IR version that may hold it. Older runtimes refuse newer IR versions, so the oldest is best.
IR_VERSIONS = {18: 8, 19: 9, 20: 9, 21: 10}

#: ONNX operators whose results but the first may be left out.
OPTIONAL_RESULTS = frozenset({"Dropout", "GRU", "LSTM", "LayerNormalization", "MaxPool", "RNN"})


@dataclass(frozen=True)
class OnnxProgram:
    """An ONNX model and how its names belong to the graph.

    Attributes:
        model: the model.
        inputs: the name of each graph input.
        outputs: the name of each graph output.
        state_inputs: for each variable that is an input of the model, by slot name, the name of that input.
        state_outputs: for each variable that the graph updates, by slot name, the name of the output with its new value.
    """

    model: ModelProto
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    state_inputs: Mapping[str, str]
    state_outputs: Mapping[str, str]


def lower(
    graph: Graph, frozen: Mapping[str, np.ndarray[Any, Any]] | None = None, opset: int = OPSET, describe: bool = False
) -> OnnxProgram:
    """Write `graph` as an ONNX model.

    Args:
        graph: composites that have no ONNX rule must have been expanded.
        frozen: values of variables that are stored in the model, by slot name; other variables become inputs of the
            model and, where the graph updates them, outputs.
        opset: version of ONNX's operators, 18 to 21.
        describe: store the types of intermediate values too.

    Raises:
        NotImplementedError: for an op that ONNX has no form of; names op, layer and source line.
        ValueError: for an opset that is not supported, or a frozen variable that the graph updates.
    """
    if opset not in IR_VERSIONS:
        raise ValueError(f"The opset must be one of {', '.join(map(str, IR_VERSIONS))}, got {opset}.")
    return _Lowering(graph, frozen or {}, opset, describe).program()


class _Lowering:
    """The work of one call of `lower`."""

    def __init__(self, graph: Graph, frozen: Mapping[str, np.ndarray[Any, Any]], opset: int, describe: bool) -> None:
        self._graph, self._frozen, self._describe = graph, frozen, describe
        self._names = Names()
        self._emit = ModelEmitter(opset, self._names)
        self._name_of: dict[Value, str] = {}
        self._model_inputs: list[ValueInfoProto] = []
        self._model_outputs: list[ValueInfoProto] = []

    def program(self) -> OnnxProgram:
        graph = self._graph
        inputs = [self._source(value, value.name or f"input_{k}") for k, value in enumerate(graph.inputs)]
        state_inputs = {}
        for slot in graph.state:
            if slot.name not in self._frozen:
                state_inputs[slot.name] = self._source(slot.input, slot.name)
                continue
            if slot.is_updated:
                raise ValueError(f"The variable {slot.name!r} is updated by {graph.name}, so its value cannot be frozen.")
            self._name_of[slot.input] = self._emit.initializer(slot.name, self._frozen[slot.name])
        wanted = [(name, value) for name, value in zip(graph.output_names, graph.outputs, strict=True)]
        updated = [slot for slot in graph.state if slot.is_updated]
        wanted += [(f"{slot.name}.next", slot.output) for slot in updated]
        result_names = [self._names.unique(name) for name, _ in wanted]
        for node in graph.nodes:
            operands = [self._name_of[value] for value in node.inputs]
            self._name_of.update(zip(node.outputs, self._emit.lower(node, operands), strict=True))
        self._name_results([value for _, value in wanted], result_names)
        left_out = _leave_out_unused(self._emit.nodes, result_names)
        self._name_of = {value: name for value, name in self._name_of.items() if name not in left_out}
        outputs, next_names = result_names[: len(graph.outputs)], result_names[len(graph.outputs) :]
        state_outputs = {slot.name: name for slot, name in zip(updated, next_names, strict=True)}
        return OnnxProgram(self._model(), tuple(inputs), tuple(outputs), state_inputs, state_outputs)

    def _source(self, value: Value, hint: str) -> str:
        name = self._names.unique(hint)
        self._name_of[value] = name
        self._emit.source(name, value.type)
        self._model_inputs.append(value_info(name, value.type))
        return name

    def _name_results(self, values: Sequence[Value], names: Sequence[str]) -> None:
        """Give results their names: rename what computes them; copy what no node computes and what is wanted twice."""
        made = {output for node in self._emit.nodes for output in node.output}
        new_name: dict[str, str] = {}
        copies: list[tuple[str, str]] = []
        for value, name in zip(values, names, strict=True):
            old = self._name_of[value]
            if old in made and old not in new_name:
                new_name[old] = name
            else:
                copies.append((old, name))
            self._model_outputs.append(value_info(name, value.type))
        rename(self._emit.nodes, new_name)
        for old, name in copies:
            node = helper.make_node("Identity", [new_name.get(old, old)], [name], name=self._names.unique(f"{name}/Identity"))
            self._emit.nodes.append(node)
        self._name_of = {value: new_name.get(name, name) for value, name in self._name_of.items()}

    def _model(self) -> ModelProto:
        emit = self._emit
        described = list(self._intermediate_types()) if self._describe else []
        read = {name for node in every_node(emit.nodes) for name in node.input}
        domains = sorted({node.domain for node in every_node(emit.nodes)} - {""})  # onnxruntime's own; none in files
        initializers = [one for one in emit.initializers if one.name in read]  # a rule may store a weight in another layout
        onnx_graph = helper.make_graph(
            emit.nodes, self._graph.name, self._model_inputs, self._model_outputs, initializers, value_info=described
        )
        return helper.make_model(
            onnx_graph,
            opset_imports=[helper.make_opsetid("", emit.opset), *(helper.make_opsetid(domain, 1) for domain in domains)],
            ir_version=IR_VERSIONS[emit.opset],
            producer_name="graphkeras",
        )

    def _intermediate_types(self) -> Iterable[ValueInfoProto]:
        """The types of the graph's values that are neither inputs nor outputs nor constants."""
        known = {info.name for info in (*self._model_inputs, *self._model_outputs)}
        known.update(tensor.name for tensor in self._emit.initializers)
        for value, name in self._name_of.items():
            if name not in known:
                known.add(name)
                yield value_info(name, value.type)


def _leave_out_unused(nodes: Iterable[NodeProto], results: Sequence[str]) -> set[str]:
    """Drop optional results that nobody reads, because some runtimes know only the first one; returns their names."""
    used = {name for node in every_node(nodes) for name in node.input}.union(results)
    left_out: set[str] = set()
    for node in nodes:
        while node.op_type in OPTIONAL_RESULTS and len(node.output) > 1 and node.output[-1] not in used:
            left_out.add(node.output.pop())
    return left_out


def every_node(nodes: Iterable[NodeProto]) -> Iterator[NodeProto]:
    """The nodes and those of their subgraphs, at any depth."""
    for node in nodes:
        yield node
        for attribute in node.attribute:
            if attribute.HasField("g"):
                yield from every_node(attribute.g.node)


def rename(nodes: Iterable[NodeProto], new_name: Mapping[str, str]) -> None:
    for node in every_node(nodes):
        for names in (node.input, node.output):
            for position, name in enumerate(names):
                if name in new_name:
                    names[position] = new_name[name]
