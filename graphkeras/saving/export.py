"""`model.export`: the model as a file for inference without graphkeras."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import graphkeras
from graphkeras.compiler import driver
from graphkeras.compiler.graph import Graph
from graphkeras.compiler.types import TensorType

from .. import tree
from ..dtypes import tensor_dtype
from ..host import HostProgram
from ..tensor import KerasTensor, symbolic_shape
from ..trace import Trace
from ..variable import Variable
from .files import replacing
from .saving_api import PathLike
from .string_onnx import with_host_part


def export_model(
    model: Any,
    filepath: PathLike,
    format: str = "onnx",
    verbose: bool = False,
    opset_version: int = 18,
    input_signature: Any = None,
    training: bool = False,
) -> None:
    """Write the model's inference graph, with its weights inside, to an ``.onnx`` file.

    The batch size stays open. Inputs and outputs are called like the model's input layers and output layers. Every node says
    in its metadata which layer and line it comes from and what it costs. The file is checked before the old one is replaced.

    Args:
        model: built or called on data already.
        filepath: where to.
        format: ``"onnx"``.
        verbose: print what was written.
        opset_version: version of ONNX's operators, 18 to 21.
        input_signature: for a model of your own class: a list of its inputs, each as something with a `shape` (None for
            open sizes) and a `dtype`, such as `KerasTensor` or `InputSpec`.
        training: write the training step that ran last in place of the inference graph: a file that trains in any
            onnxruntime. Every variable is an input, with its present value as default; its new value is the output that the
            JSON object ``graphkeras.state`` in the file's metadata names: feed it to the next run. The loss and the metrics
            are means since their own variables (``loss/total``, ``loss/count``, ...) were zero, as within an epoch.

    Raises:
        ValueError: for another format, a model whose inputs are not known yet, or one that made no training step yet.
        NotImplementedError: for an op, or a layer on strings, that ONNX has no form of; names it, its layer and its line.
        OSError: if the file cannot be written; the old file is as before.
    """
    if format != "onnx":
        raise ValueError(f"Cannot export in the format {format!r}; the only format is 'onnx'.")
    graph, variables, host = training_step(model) if training else _traced_inference(model, input_signature)
    content = onnx_file(graph, variables, host, training, opset_version)
    with replacing(filepath) as temporary:
        temporary.write_bytes(content)
    if verbose:
        counts = f"{len(graph.inputs)} inputs, {len(graph.outputs)} outputs, {len(content):,} bytes"
        print(f"{filepath}: {counts}, opset {opset_version}.")


def onnx_file(
    graph: Graph, variables: Mapping[str, Variable], host: HostProgram | None, training: bool = False, opset: int = 18
) -> bytes:
    """A graph with the numbers of its variables, and what runs before it, as a file."""
    state = {name: variable.numpy() for name, variable in variables.items()}
    content = driver.export_onnx(graph, state, training=training, opset=opset, producer_version=graphkeras.__version__)
    return content if host is None else with_host_part(content, host)


def inference_graph(model: Any, input_signature: Any = None) -> tuple[Graph, dict[str, Variable]]:
    """The model's graph for inference, and the variables that it reads, by the names of their slots.

    Raises:
        ValueError: for a model whose inputs are not known yet.
    """
    graph, slots, _ = _traced_inference(model, input_signature)
    return graph, slots


def _traced_inference(model: Any, input_signature: Any) -> tuple[Graph, dict[str, Variable], HostProgram | None]:
    signature = _signature(model, input_signature)
    names = unique(list(getattr(model, "input_names", ())) or [f"input_{k}" for k in range(len(tree.flatten(signature)))])
    with Trace() as trace:
        left = iter(names)
        inputs = tree.map_structure(lambda tensor: placeholder(trace, tensor, next(left)), signature)
        outputs = tree.flatten(model(inputs, training=False))
    values = [output.value for output in outputs]
    graph = trace.graph(values, model.name, _output_names(model, len(values), names))
    return graph, trace.slots(), trace.host_program()


def training_step(model: Any) -> tuple[Graph, dict[str, Variable], HostProgram | None]:
    """The graph of the training step that ran last, its variables by the names of their slots, and what runs before it.

    Raises:
        ValueError: for a model that made no step yet.
    """
    function = getattr(model, "train_function", None)
    if function is None or not function.signatures:
        raise ValueError(
            f"Cannot export the training step of {model.name!r}: it has not made one, so the shapes of its data are not known. "
            "Run model.fit or model.train_on_batch first."
        )
    prepared = list(function.signatures.values())[-1]
    return prepared.graph, prepared.variables, prepared.host


def placeholder(trace: Trace, tensor: Any, name: str) -> KerasTensor:
    if isinstance(tensor, KerasTensor):
        return trace.placeholder(tensor.value.type, name)
    return trace.placeholder(TensorType(symbolic_shape(tensor.shape, name), tensor_dtype(tensor.dtype)), name)


def _signature(model: Any, input_signature: Any) -> Any:
    """What the model is called on: as given, or as it was built."""
    if input_signature is not None:
        is_wrapped = isinstance(input_signature, (list, tuple)) and len(input_signature) == 1
        return input_signature[0] if is_wrapped else input_signature
    structure = getattr(model, "input", None)
    if structure is not None:
        return structure
    if model._layer_state.built_for is not None:
        return model._layer_state.built_for
    built = model.get_build_config() or {}
    if "input_shape" in built:
        dtype = model.compute_dtype
        return tree.map_shape_structure(lambda shape: KerasTensor((None, *shape[1:]), dtype), built["input_shape"])
    raise ValueError(
        f"Cannot export {model.name!r}: the shapes of its inputs are not known. Call it on data once, give its first layer "
        "an input shape, or pass input_signature=[keras.KerasTensor((None, 784), 'float32')]."
    )


def _output_names(model: Any, count: int, taken: list[str]) -> list[str]:
    names = list(getattr(model, "output_names", None) or ())
    if len(names) != count:
        names = [f"output_{k}" for k in range(count)] if count != 1 else ["output"]
    return unique([*taken, *names])[len(taken) :]


def unique(names: list[str]) -> list[str]:
    """The same names, with numbers where one comes twice."""
    used: list[str] = []
    for stem in names:
        name, number = stem, 1
        while name in used:
            name, number = f"{stem}_{number}", number + 1
        used.append(name)
    return used
