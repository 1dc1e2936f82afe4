"""The host part of a model in its ONNX file: what layers do to strings, as ONNX's operators.

ONNX has few operators on strings. What a layer does is written only where they do exactly the same; else `export` refuses.
"""

from __future__ import annotations

from typing import Any

from graphkeras.compiler import driver

from ..host import HostCall, HostProgram, with_last_axis, without_last_axis


def with_host_part(content: bytes, program: HostProgram) -> bytes:
    """An ONNX file whose inputs are the program's arguments, made of that of its graph.

    Raises:
        NotImplementedError: for a layer that ONNX has no operators for; says how to export the rest.
    """
    nodes = [(*_operator(call), call.inputs, call.output) for call in program.calls]
    return driver.onnx_with_host_part(content, program.arguments, program.feeds, nodes)


def _operator(call: HostCall) -> tuple[str, dict[str, Any]]:
    """The operator's name and its attributes."""
    if call.function in (with_last_axis, without_last_axis):
        return ("Unsqueeze" if call.function is with_last_axis else "Squeeze"), {}
    describe = getattr(call.layer, "onnx_label_encoder", None)
    attributes = describe() if describe is not None and getattr(call.function, "__self__", None) is call.layer else None
    if attributes is None:
        raise NotImplementedError(
            f"{type(call.layer).__name__} {call.layer.name!r} cannot be exported: ONNX has no operators that treat strings "
            "exactly as it does. Export the part of the model behind it, and call the layer on the data of the exported model, "
            "too:\n"
            "    numbers = keras.Input(layer_output.shape[1:], dtype=layer_output.dtype)\n"
            "    keras.Model(numbers, rest_of_the_model(numbers)).export(path, format='onnx')"
        )
    return "LabelEncoder", attributes
