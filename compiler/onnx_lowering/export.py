"""Export: a graph and the values of its variables as the content of one .onnx file.

An inference graph becomes a model with its weights inside. A training step becomes a model that trains: its variables are
inputs with default values and their new values are outputs, so that any onnxruntime can run it in a loop, also in a browser.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import ModelProto

from ..graph import Graph
from ..pipeline import optimize
from .emitter import tensor
from .fold_weights import fold_weights
from .lower import OPSET, OnnxProgram, every_node, lower

Array = np.ndarray[Any, Any]

#: A protocol buffer cannot be larger.
MAX_BYTES = 2**31 - 1


def export_model(
    graph: Graph,
    state: Mapping[str, Array],
    training: bool = False,
    opset: int = OPSET,
    metadata: Mapping[str, str] | None = None,
    producer_version: str = "",
) -> bytes:
    """The content of an .onnx file that computes `graph`; checked with full shape inference.

    Args:
        graph: as traced.
        state: the values of the graph's variables, by slot name.
        training: False stores the variables in the model as constants; the graph must not update any. True makes them inputs
            (with these values as defaults) and, where the graph updates them, outputs named ``<variable>.next``;
            the metadata entry ``graphkeras.state`` is a JSON object from those inputs to those outputs.
        opset: version of ONNX's operators, 18 to 21.
        metadata: further entries for the model's metadata.
        producer_version: written into the model beside the producer's name.

    Raises:
        NotImplementedError: for an op that ONNX has no form of (names op, layer and source line), or a model above 2 GB.
        ValueError: for a graph that updates variables without `training`, or a variable that `state` lacks.
    """
    optimized = optimize(graph, "onnxruntime")[-1].graph
    missing = [slot.name for slot in optimized.state if slot.name not in state]
    if missing:
        raise ValueError(f"Exporting {graph.name}: there are no values for the variables {', '.join(missing)}.")
    values = {slot.name: state[slot.name] for slot in optimized.state}
    size = sum(array.nbytes for array in values.values())
    if size > MAX_BYTES:
        raise NotImplementedError(f"Exporting {graph.name}: its variables have {size} bytes; an .onnx file holds at most 2 GB.")
    updated = [slot.name for slot in optimized.state if slot.is_updated]
    if updated and not training:
        raise ValueError(
            f"Exporting {graph.name}: it updates {', '.join(map(repr, updated))}. Export the model's inference graph "
            "(training=False), or export with training=True, which makes variables inputs and outputs."
        )
    program = lower(optimized, frozen={} if training else values, opset=opset, describe=True)
    model = program.model
    if training:
        _add_defaults(program, values)
    else:
        fold_weights(model)
    _add_metadata(program, dict(metadata or {}), producer_version, training)
    _shorten_sources(model)
    check(model)
    return bytes(model.SerializeToString())


def check(model: ModelProto) -> None:
    """Full check with strict shape inference.

    Raises:
        RuntimeError: when the lowering has written a wrong model.
    """
    try:
        onnx.checker.check_model(model, full_check=True)
        onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True, data_prop=True)
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as error:
        raise RuntimeError(f"graphkeras has written a wrong ONNX model for {model.graph.name}: {error}") from error


def _add_defaults(program: OnnxProgram, values: Mapping[str, Array]) -> None:
    """An initializer with the name of an input is that input's value where none is fed."""
    for slot_name, input_name in program.state_inputs.items():
        program.model.graph.initializer.append(tensor(input_name, values[slot_name]))


def _add_metadata(program: OnnxProgram, metadata: dict[str, str], producer_version: str, training: bool) -> None:
    program.model.producer_version = producer_version
    if training:
        pairs = {program.state_inputs[name]: output for name, output in program.state_outputs.items()}
        metadata["graphkeras.state"] = json.dumps(pairs)
    for key, value in metadata.items():
        program.model.metadata_props.add(key=key, value=value)


def _shorten_sources(model: ModelProto) -> None:
    """Files by their names only: where the user keeps them concerns nobody who gets the model."""
    for node in every_node(model.graph.node):
        for entry in node.metadata_props:
            if entry.key == "source":
                entry.value = Path(entry.value).name
