"""Conversions of weights, done once while a file is written: what a weight is cast or turned to is stored in its place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
from onnx import ModelProto, NodeProto
from onnx.numpy_helper import to_array

from .emitter import tensor
from .lower import every_node, rename

Array = np.ndarray[Any, Any]


def fold_weights(model: ModelProto) -> None:
    """Replace casts, transposes and reshapes of initializers by initializers, where these are no larger.

    An initializer that was read by the folded node alone goes, and the new one takes its name: ``dense/kernel`` of a float16
    layer is stored in float16. Its shape is the one that the operator wants then, as for kernels of convolutions.
    """
    graph = model.graph
    fed = {one.name for one in graph.input}
    arrays = {one.name: to_array(one) for one in graph.initializer if one.name not in fed}
    reads = Counter(name for node in every_node(graph.node) for name in node.input)
    reads.update(one.name for one in graph.output)
    results = {one.name for one in graph.output}
    names: dict[str, str] = {}
    kept: list[NodeProto] = []
    for original in graph.node:
        node = NodeProto()
        node.CopyFrom(original)
        for position, name in enumerate(node.input):
            node.input[position] = names.get(name, name)
        source = node.input[0] if node.input else ""
        folded = _folded(node, arrays) if source in arrays else None
        if folded is None or node.output[0] in results:
            kept.append(node)
            continue
        result = source if reads[source] == 1 else node.output[0]
        arrays[result], names[node.output[0]] = folded, result
        reads[result] = reads[node.output[0]]
    rename(kept, names)
    used = {name for node in every_node(kept) for name in node.input} | results
    del graph.node[:]
    graph.node.extend(kept)
    stored = [tensor(name, array) for name, array in arrays.items() if name in used]
    defaults = [one for one in graph.initializer if one.name in fed]
    del graph.initializer[:]
    graph.initializer.extend([*defaults, *stored])
    made = {name for node in kept for name in node.output}
    described = [one for one in graph.value_info if one.name in made]
    del graph.value_info[:]
    graph.value_info.extend(described)


def _folded(node: NodeProto, arrays: Mapping[str, Array]) -> Array | None:
    array = arrays[node.input[0]]
    attributes = {one.name: onnx.helper.get_attribute_value(one) for one in node.attribute}
    if node.op_type == "Cast":
        result = array.astype(onnx.helper.tensor_dtype_to_np_dtype(attributes["to"]))
        return result if result.nbytes <= array.nbytes else None
    if node.op_type == "Transpose":
        return np.ascontiguousarray(array.transpose(attributes.get("perm")))
    if node.op_type == "Reshape" and node.input[1] in arrays and (arrays[node.input[1]] > 0).all():
        return array.reshape(arrays[node.input[1]])
    return None
