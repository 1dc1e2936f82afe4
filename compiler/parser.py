"""Graphs from the text that `compiler.printer` writes."""

from __future__ import annotations

import ast
import base64
import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from .dims import parse_dim
from .graph import Graph, Node, StateSlot, Value
from .provenance import Origin
from .registry import OPS
from .types import TensorType, numpy_dtype

_HEADER = re.compile(r"graph (\S+)\((.*)\) -> \((.*)\):")
_BODY = re.compile(r"(\w+): (graph .*)")
_STATE = re.compile(r"state (\w+): (\S+?)(?: -> (\w+))?  # (.*)")
_TYPED = re.compile(r"(\w+): (\w+\[[^\]]*\])")
_ARRAY = re.compile(r"(\w+)\[([\d,]*)\](?:\{([^}]*)\}|<([A-Za-z0-9+/=]*)>)")


class ParseError(ValueError):
    """The text is not a graph. Names the line."""


def parse_graph(text: str) -> Graph:
    """The graph that prints as `text`.

    Raises:
        ParseError: names the line, and what is wrong with it.
    """
    lines = [line.strip() for line in text.strip().splitlines() if line.strip()]
    graph, end = _parse_block(lines, 0)
    if end < len(lines):
        raise ParseError(f"Line {end + 1}: nothing may follow the graph's return line.")
    return graph


def _parse_block(lines: list[str], start: int, header_text: str | None = None) -> tuple[Graph, int]:
    """The graph whose header is line `start` (or, without the name of an attribute, `header_text`), and the line after it."""
    header = _HEADER.fullmatch(header_text or lines[start]) if start < len(lines) else None
    if header is None:
        raise ParseError(f"Line {start + 1}: expected 'graph name(input: type, ...) -> (output, ...):'.")
    values: dict[str, Value] = {}
    try:
        inputs = [_declare(values, name, parse_type(type_)) for name, type_ in _TYPED.findall(header[2])]
    except ValueError as error:
        raise ParseError(f"Line {start + 1}: {error}") from None
    pending: list[tuple[str, Value, str | None]] = []
    nodes: list[Node] = []
    outputs: tuple[Value, ...] | None = None
    at = start + 1
    while at < len(lines) and outputs is None:
        line, number = lines[at], at + 1
        at += 1
        bodies: dict[str, Graph] = {}
        while not line.startswith("return") and at < len(lines) and (match := _BODY.fullmatch(lines[at])):
            bodies[match[1]], at = _parse_block(lines, at, match[2])
        try:
            if line.startswith("state "):
                match = _STATE.fullmatch(line)
                if match is None:
                    raise ParseError("expected 'state name: type -> value  # variable'.")
                pending.append((match[4], _declare(values, match[1], parse_type(match[2])), match[3]))
            elif line.startswith("return"):
                outputs = tuple(_lookup(values, name) for name in line.removeprefix("return").replace(",", " ").split())
            else:
                nodes.append(_parse_node(line, values, bodies))
        except (ValueError, TypeError, KeyError, OverflowError) as error:
            raise ParseError(f"Line {number}: {error}") from None
    if outputs is None:
        raise ParseError("The last line must be 'return value, ...'.")
    try:
        state = tuple(StateSlot(name, value, _lookup(values, new) if new else value) for name, value, new in pending)
    except ParseError as error:
        raise ParseError(f"The new value of a state: {error}") from None
    names = tuple(name.strip() for name in header[3].split(",") if name.strip())
    if len(names) != len(outputs):
        raise ParseError(f"Line {start + 1} names {len(names)} outputs, but {len(outputs)} values are returned.")
    return Graph(tuple(inputs), outputs, tuple(nodes), state, header[1], names), at


def parse_type(text: str) -> TensorType:
    """``float32[batch,784]`` as a type."""
    match = re.fullmatch(r"(\w+)\[([^\]]*)\]", text)
    if match is None:
        raise ParseError(f"{text!r} is not a type such as float32[batch,784].")
    return TensorType(tuple(parse_dim(dim) for dim in match[2].split(",") if dim), match[1])


def _parse_node(line: str, values: dict[str, Value], bodies: Mapping[str, Graph]) -> Node:
    body, _, comment = line.partition("  # ")
    left, _, call = body.partition(" = ")
    results = _TYPED.findall(left)
    match = re.fullmatch(r"(\w+)\((.*)\)", call)
    if not results or match is None:
        raise ParseError(f"expected 'result: type = op(operands, attribute=value)', got {line!r}.")
    if match[1] not in OPS:
        raise ParseError(f"there is no op {match[1]!r}.")
    operands, attrs = [], {}
    for argument in _split(match[2]):
        name, equals, value = argument.partition("=")
        if equals:
            attrs[name] = _body(bodies, name) if value == "graph" else _parse_attr(value)
        else:
            operands.append(_lookup(values, argument))
    scope, source, forward = (*comment.split(" | "), "", "", "")[:3]
    types = tuple(parse_type(type_) for _, type_ in results)
    inferred = OPS[match[1]].infer_types([value.type for value in operands], attrs)
    if inferred != types:
        raise ParseError(f"{match[1]} gives {', '.join(map(str, inferred))}, but the text says {', '.join(map(str, types))}.")
    node = Node(OPS[match[1]], operands, attrs, types, Origin(scope, source, forward.removeprefix("d ")))
    for (result, _), made in zip(results, node.outputs, strict=True):
        made.name = "" if re.fullmatch(r"v\d+", result) else result
        _add(values, result, made)
    return node


def _parse_attr(text: str) -> Any:
    if match := re.fullmatch(r"dim\((.*)\)", text):
        return parse_dim(match[1])
    if match := _ARRAY.fullmatch(text):
        return _parse_array(match)
    if text.startswith("(") and text.endswith(")"):
        return tuple(_parse_attr(item) for item in _split(text[1:-1]))
    if text in ("inf", "-inf", "nan"):
        return float(text)
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        raise ParseError(f"{text!r} is not an attribute value.") from None


def _parse_array(match: re.Match[str]) -> np.ndarray[Any, Any]:
    dtype = numpy_dtype(match[1])
    shape = tuple(int(size) for size in match[2].split(",") if size)
    if match[4] is not None:
        return np.frombuffer(base64.b64decode(match[4]), dtype).reshape(shape)
    items = [item for item in match[3].split(", ") if item]
    if "..." in items:
        raise ParseError("the data of a long constant was left out of this text; print the graph without elide.")
    numbers = [float(item) if dtype.kind not in "biu" else item == "True" if dtype.kind == "b" else int(item) for item in items]
    return np.array(numbers, dtype).reshape(shape)


def _split(text: str) -> list[str]:
    """`text` at its commas outside parentheses, braces and quotes."""
    parts, depth, quote, start = [], 0, "", 0
    for position, char in enumerate(text):
        if quote:
            quote = "" if char == quote and text[position - 1] != "\\" else quote
        elif char in "\"'":
            quote = char
        elif char in "([{<":
            depth += 1
        elif char in ")]}>":
            depth -= 1
        elif char == "," and depth == 0:
            parts.append(text[start:position])
            start = position + 1
    return [part.strip() for part in [*parts, text[start:]] if part.strip()]


def _declare(values: dict[str, Value], name: str, type_: TensorType) -> Value:
    return _add(values, name, Value(type_, name))


def _add(values: dict[str, Value], name: str, value: Value) -> Value:
    if name in values:
        raise ParseError(f"there is a value {name!r} already.")
    values[name] = value
    return value


def _body(bodies: Mapping[str, Graph], name: str) -> Graph:
    if name not in bodies:
        raise ParseError(f"the attribute {name} is a graph, but no '{name}: graph ...' follows the line.")
    return bodies[name]


def _lookup(values: dict[str, Value], name: str) -> Value:
    if name not in values:
        raise ParseError(f"there is no value {name!r} before this line.")
    return values[name]
