"""What onnxruntime says when a run fails, in terms of layers and the user's lines."""

from __future__ import annotations

import re

from onnx import ModelProto

#: Operators that fail when an index is out of range.
_INDEXED = ("Gather", "GatherElements", "GatherND", "OneHot", "ScatterElements", "ScatterND")


def explained(error: Exception, model: ModelProto) -> Exception:
    """An exception that names the layer and source line of the node that failed; an IndexError for a bad index."""
    message = str(error)
    found = re.search(r"Name:'([^']*)' Status Message: (.*)", message, re.DOTALL)
    if found is None:
        return RuntimeError(f"onnxruntime could not run {model.graph.name}: {message}")
    name, reason = found[1], found[2].strip().rpartition("] ")[2]  # without the C++ function's name
    node = next((node for node in model.graph.node if node.name == name), None)
    notes = {entry.key: entry.value for entry in node.metadata_props} if node is not None else {}
    layer = f" of layer {notes['namespace']!r}" if "namespace" in notes else ""
    line = f", written at {notes['source']}" if "source" in notes else ""
    text = f"{model.graph.name}: {notes.get('op', name)}{layer}{line} failed in onnxruntime: {reason}."
    if node is not None and node.op_type in _INDEXED:
        return IndexError(f"{text} Labels and indices must be at least 0 and less than the size of the axis that they index.")
    return RuntimeError(text)
