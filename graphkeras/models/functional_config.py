"""Configs of functional models, as Keras 3 writes them: layers, their calls, and which tensors come in and go out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .. import tree
from ..base_operation import Operation
from ..layers.input_layer import InputLayer
from ..operation import RecordedOperation
from ..saving.op_nodes import encode_op
from ..saving.serialization import deserialize_keras_object, serialize_keras_object
from ..tensor import KerasTensor
from .call_graph import CallGraph


def functional_config(model: Any, program: CallGraph) -> dict[str, Any]:
    """``name``, ``trainable``, ``layers``, ``input_layers`` and ``output_layers`` of a functional model."""
    return {
        "name": model.name,
        "trainable": model.trainable,
        "layers": [_entry(operation, program) for operation in program.operations],
        "input_layers": _references(program.inputs, program),
        "output_layers": _references(program.outputs, program),
    }


def _entry(operation: Any, program: CallGraph) -> dict[str, Any]:
    calls = [] if isinstance(operation, InputLayer) else program.calls_of(operation)
    if isinstance(operation, RecordedOperation):
        entry, args, kwargs = encode_op(operation.function_name, calls[0].args, calls[0].kwargs, operation.name)
        entry["config"] = serialize_keras_object(entry["config"])
        nodes = [_encoded_call(args, kwargs, program)]
    else:
        entry = serialize_keras_object(operation)
        nodes = [_encoded_call(call.args, call.kwargs, program) for call in calls]
    return {**entry, "name": operation.name, "inbound_nodes": nodes}


def _encoded_call(args: Any, kwargs: Any, program: CallGraph) -> dict[str, Any]:
    def encoded(leaf: Any) -> Any:
        if not isinstance(leaf, KerasTensor):
            return serialize_keras_object(leaf)
        config = {"shape": list(leaf.shape), "dtype": leaf.dtype, "keras_history": list(program.reference(leaf))}
        return {"class_name": "__keras_tensor__", "config": config}

    return {"args": [_mapped(encoded, arg) for arg in args], "kwargs": {key: _mapped(encoded, v) for key, v in kwargs.items()}}


def _mapped(function: Any, structure: Any) -> Any:
    """`function` of every leaf; tuples become lists, as in JSON."""
    if isinstance(structure, Mapping):
        return {key: _mapped(function, item) for key, item in structure.items()}
    if isinstance(structure, (list, tuple)):
        return [_mapped(function, item) for item in structure]
    return function(structure)


def _references(structure: Any, program: CallGraph) -> Any:
    return _mapped(lambda tensor: list(program.reference(tensor)), structure)


def from_functional_config(cls: Any, config: Mapping[str, Any], custom_objects: Any = None) -> Any:
    """A model of class `cls` from its config.

    Raises:
        ValueError: if calls use results that no layer gives.
    """
    operations: dict[str, Any] = {}
    pending: list[tuple[str, int, Mapping[str, Any]]] = []
    results: dict[tuple[str, int], list[Any]] = {}
    for entry in config["layers"]:
        name = entry.get("name") or entry["config"]["name"]
        operations[name] = operation = deserialize_keras_object(entry, custom_objects=custom_objects)
        if isinstance(operation, InputLayer):
            results[name, 0] = [operation.output]
        pending += [(name, index, call) for index, call in enumerate(entry["inbound_nodes"])]
    while pending:
        ready = [node for node in pending if _is_ready(node, results)]
        if not ready:
            shown = ", ".join(name for name, _, _ in pending)
            raise ValueError(f"The model's config is not complete: calls of {shown} use results that no layer gives.")
        for name, index, call in ready:
            results[name, index] = _called(name, operations[name], call, results)
        pending = [node for node in pending if (node[0], node[1]) not in results]
    inputs = _resolved(config["input_layers"], results)
    outputs = _resolved(config["output_layers"], results)
    extra = {key: config[key] for key in ("name", "trainable") if key in config}
    return cls(inputs=inputs, outputs=outputs, **extra)


def _is_ready(node: tuple[str, int, Mapping[str, Any]], results: Mapping[tuple[str, int], Any]) -> bool:
    name, index, call = node
    earlier = index == 0 or (name, index - 1) in results  # so that calls are numbered as in the file
    return earlier and all((history[0], history[1]) in results for history in _histories((call["args"], call["kwargs"])))


def _histories(structure: Any) -> list[Any]:
    if _is_reference(structure):
        return [structure["config"]["keras_history"]]
    if isinstance(structure, Mapping):
        return [found for item in structure.values() for found in _histories(item)]
    if isinstance(structure, (list, tuple)):
        return [found for item in structure for found in _histories(item)]
    return []


def _is_reference(item: Any) -> bool:
    return isinstance(item, Mapping) and item.get("class_name") == "__keras_tensor__"


def _called(name: str, operation: Any, call: Mapping[str, Any], results: Mapping[tuple[str, int], Any]) -> list[Any]:
    args = [_decoded(arg, results) for arg in call["args"]]
    kwargs = {key: _decoded(arg, results) for key, arg in call["kwargs"].items()}
    found = [leaf for leaf in tree.flatten(operation(*args, **kwargs)) if isinstance(leaf, KerasTensor)]
    if not isinstance(operation, Operation) and found and found[0].history is not None:
        found[0].history.operation.name = name  # an op node was recorded under a fresh name
    return found


def _decoded(item: Any, results: Mapping[tuple[str, int], Any]) -> Any:
    if _is_reference(item):
        name, index, position = item["config"]["keras_history"]
        return results[name, index][position]
    if isinstance(item, Mapping):
        if "class_name" in item and "config" in item:
            return deserialize_keras_object(item)
        return {key: _decoded(value, results) for key, value in item.items()}
    return [_decoded(value, results) for value in item] if isinstance(item, (list, tuple)) else item


def _resolved(structure: Any, results: Mapping[tuple[str, int], Any]) -> Any:
    """Tensors for [name, call, result] triples in a structure of lists and dicts."""
    if isinstance(structure, Mapping):
        return {key: _resolved(item, results) for key, item in structure.items()}
    if len(structure) == 3 and isinstance(structure[0], str) and isinstance(structure[1], int):
        name, index, position = structure
        return results[name, index][position]
    return [_resolved(item, results) for item in structure]
