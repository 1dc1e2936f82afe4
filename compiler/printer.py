"""Graphs as text: Python-like, one node a line, with type, layer path and the user's line. `compiler.parser` reads it back.

graph mlp(x: float32[batch,4]) -> (y):
  state kernel: float32[4,2] -> v3
  v0: float32[batch,2] = matmul(x, kernel)  # dense | train.py:7
  return v0

An attribute that is itself a graph, such as the body of a loop, follows the line of its node:

  v1: float32[3], v2: float32[10,3] = scan(start, xs, body=graph, carries=1, sequences=1, length=10, reverse=False)
    body: graph step(sum: float32[3], x: float32[3]) -> (sum, y):
      v0: float32[3] = add(sum, x)
      return v0, v0
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from .dims import Dim
from .types import TensorType, type_of

if TYPE_CHECKING:
    from .graph import Graph, Node, Value

INLINE_ELEMENTS = 16
_PLAIN = re.compile(r"[\w./:-]+")  # output names that the text shows as they are


def graph_text(graph: Graph, elide: bool = False) -> str:
    """The text of `graph`. `elide` shortens the data of long constants, which then cannot be parsed back."""
    return "\n".join(_lines(graph, elide))


def _lines(graph: Graph, elide: bool) -> Iterator[str]:
    names = unique_names(graph)
    inputs = ", ".join(f"{names[value]}: {value.type}" for value in graph.inputs)
    outputs = ", ".join(name if _PLAIN.fullmatch(name) else identifier(name) for name in graph.output_names)
    yield f"graph {identifier(graph.name)}({inputs}) -> ({outputs}):"
    for slot in graph.state:
        update = f" -> {names[slot.output]}" if slot.is_updated else ""
        yield f"  state {names[slot.input]}: {slot.input.type}{update}  # {slot.name}"
    for node in graph.nodes:
        yield f"  {node_text(node, names, elide)}"
        for key, body in node.bodies.items():
            first, *rest = _lines(body, elide)
            yield f"    {key}: {first}"
            yield from (f"    {line}" for line in rest)
    yield f"  return {', '.join(names[value] for value in graph.outputs)}"


def node_text(node: Node, names: dict[Value, str], elide: bool = False) -> str:
    """One node as ``result: type = op(operands, attribute=value)  # scope | source | d forward``."""
    results = ", ".join(f"{names[value]}: {value.type}" for value in node.outputs)
    arguments = [names[value] for value in node.inputs]
    arguments += [
        f"{key}=graph" if key in node.bodies else f"{key}={attr_text(value, elide)}" for key, value in node.attrs.items()
    ]
    origin = [node.origin.scope, node.origin.source, f"d {node.origin.forward}" if node.origin.forward else ""]
    while origin and not origin[-1]:
        origin.pop()
    comment = f"  # {' | '.join(origin)}" if origin else ""
    return f"{results} = {node.op.name}({', '.join(arguments)}){comment}"


def attr_text(value: Any, elide: bool = False) -> str:
    """An attribute as a Python literal; arrays as ``float32[2]{1.0, 2.0}`` or base64, dims as ``dim(2*batch)``."""
    if isinstance(value, np.ndarray):
        return _array_text(value, type_of(value), elide)
    if isinstance(value, Dim):
        return f"dim({value})"
    if isinstance(value, tuple):
        inner = ", ".join(attr_text(item, elide) for item in value)
        return f"({inner},)" if len(value) == 1 else f"({inner})"
    if isinstance(value, (bool, int, float, str, type(None))):
        return repr(value)
    raise TypeError(f"An attribute must be a number, a string, a dimension, an array or a tuple of them, got {value!r}.")


def _array_text(array: np.ndarray[Any, Any], type_: TensorType, elide: bool) -> str:
    if array.size <= INLINE_ELEMENTS:
        return f"{type_}{{{', '.join(_number_text(number) for number in array.ravel())}}}"
    if elide:
        return f"{type_}{{{', '.join(_number_text(number) for number in array.ravel()[:4])}, ...}}"
    return f"{type_}<{base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()}>"


def _number_text(number: Any) -> str:
    if number.dtype.kind in "biu":
        return str(number.item())
    return repr(float(number))  # exact for every float dtype up to float64


def unique_names(graph: Graph) -> dict[Value, str]:
    """A readable identifier for every value: its own name where it has one, else v0, v1, ..."""
    names: dict[Value, str] = {}
    taken: set[str] = set()
    counter, given = 0, {identifier(value.name) for value in _values(graph) if value.name}
    for value in _values(graph):
        if value in names:
            continue
        if value.name:
            stem = identifier(value.name)
            name, suffix = stem, 1
            while name in taken:
                name, suffix = f"{stem}_{suffix}", suffix + 1
        else:
            name = f"v{counter}"
            while name in taken or name in given:
                counter += 1
                name = f"v{counter}"
            counter += 1
        taken.add(name)
        names[value] = name
    return names


def identifier(text: str) -> str:
    """`text` with everything that an identifier may not hold replaced by an underscore."""
    name = "".join(char if char.isalnum() or char == "_" else "_" for char in text)
    return name if name[:1].isalpha() or name[:1] == "_" else f"_{name}"


def _values(graph: Graph) -> Iterator[Value]:
    yield from graph.inputs
    yield from (slot.input for slot in graph.state)
    for node in graph.nodes:
        yield from node.outputs
    for node in graph.nodes:  # in a broken graph, operands that nothing makes; it must still print
        yield from node.inputs
    yield from graph.results
