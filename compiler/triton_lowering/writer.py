"""The lines of one kernel: names, scopes, masks, loads and stores; and `NodeElement`, through which ops write elements.

Everything is computed once: a value at an index has one name. What does not depend on a loop is written before the loop.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import prod
from typing import Any

import numpy as np

from ..graph import Node, Value
from ..indexing import UNKNOWN, IndexExpr, Var, flatten_index, loaded
from ..ops.base import Array, Index
from ..types import numpy_dtype
from .spaces import broadcast_index

_NAME = re.compile(r"[A-Za-z_]\w*")
POINTERS = {"bool": "i1", "bfloat16": "bf16", "float16": "fp16", "float32": "fp32", "float64": "fp64"}


def pointer_type(dtype: str) -> str:
    """Triton's name of a pointer to elements of `dtype`."""
    return "*" + POINTERS.get(dtype, dtype.replace("uint", "u").replace("int", "i"))


def tile_dtype(dtype: str) -> str:
    """What elements of `dtype` are held as in a kernel: 16-bit floats as float32, bool as int1."""
    return {"bool": "int1", "bfloat16": "float32", "float16": "float32"}.get(dtype, dtype)


@dataclass
class Parameter:
    """A pointer that the kernel gets: to the buffer of that name."""

    name: str
    buffer: str
    dtype: str
    is_aligned: bool = True


@dataclass
class Scope:
    """The lines of the kernel's body or of a loop's, and what is already computed in them."""

    lines: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Place:
    """Where a value lies in memory when the kernel starts.

    Attributes:
        buffer: its name; inside of a loop perhaps the name of an address that changes from round to round.
        shape: of the value.
        dtype: of its elements.
        is_aligned: whether the address is a multiple of 16 bytes.
    """

    buffer: str
    shape: tuple[int, ...]
    dtype: str
    is_aligned: bool = True


class KernelWriter:
    """Writes one kernel.

    Args:
        places: values that other kernels, or the caller, have put into memory.
        masks: for every loop variable the condition under which it is inside of its range; "" if it always is.
    """

    def __init__(self, places: Mapping[Value, Place], masks: Mapping[str, str]) -> None:
        self.places = places
        self.masks = dict(masks)
        self.parameters: dict[tuple[str, bool], Parameter] = {}
        self.constants: dict[str, Array] = {}
        self.scopes = [Scope()]
        self._level: dict[str, int] = {}
        self._depends: dict[str, frozenset[str]] = {}
        for name, mask in masks.items():
            self._depends[name] = self._depends[mask or name] = frozenset({name})
        self._named: dict[Any, str] = {}
        self._zeroed: dict[str, str] = {}
        self._given: dict[Value, tuple[IndexExpr, str]] = {}
        self._count = 0
        self.largest = 0  # the largest place in an array that the kernel touches

    # ---- lines and names ----------------------------------------------------------------------------------------------

    def emit(self, line: str) -> None:
        self.scopes[-1].lines.append(line)

    def let(self, expression: str, hint: str = "t") -> str:
        """Name `expression`; in the outermost scope that knows everything in it."""
        if expression in self._level or expression in self.masks:
            return expression
        words = _NAME.findall(expression)
        level = max((self._level.get(word, 0) for word in words), default=0)
        key = (level, expression)
        if key not in self._named:
            name = self.declare(hint, self.depends(expression), level)
            self.scopes[level].lines.append(f"{name} = {expression}")
            self._remember(key, name, level)
        return self._named[key]

    def declare(self, hint: str, depends: frozenset[str], level: int = 0) -> str:
        """A new name for something that the caller computes."""
        name = f"{hint}{self._count}"
        self._count += 1
        self._level[name], self._depends[name] = level, depends
        return name

    def set_depends(self, name: str, variables: frozenset[str]) -> None:
        """Say that the tile `name` has only the axes of `variables`."""
        self._depends[name] = variables

    def depends(self, expression: str) -> frozenset[str]:
        """The loop variables on which the expression depends: the axes of its tile."""
        found: frozenset[str] = frozenset()
        for word in _NAME.findall(expression):
            found |= self._depends.get(word, frozenset())
        return found

    @contextmanager
    def loop(self, header: str, variables: Sequence[str], first_lines: Sequence[str] = ()) -> Iterator[Scope]:
        """A loop that gives `variables` new values in its `first_lines`."""
        level = len(self.scopes)
        self.scopes.append(Scope(list(first_lines)))
        for name in variables:
            self._level[name] = level
        yield self.scopes[-1]
        inner = self.scopes.pop()
        self.emit(header)
        self.scopes[-1].lines += ["    " + line for line in inner.lines]
        for name in inner.names:
            self._level.pop(name, None)
        self._named = {key: name for key, name in self._named.items() if name not in inner.names}
        for name in variables:
            self._level[name] = 0

    def _remember(self, key: Any, name: str, level: int) -> None:
        self._named[key] = name
        if level:
            self.scopes[level].names.append(name)

    # ---- elements -----------------------------------------------------------------------------------------------------

    def give(self, value: Value, position: IndexExpr, name: str) -> None:
        """From now on the element of `value` at the row-major `position` is called `name`."""
        self._given[value] = (position, name)

    def element(self, value: Value, index: Index, mask: str = "") -> str:
        """The element of `value` at `index`; where `mask` does not hold it may be anything, but is not read from memory."""
        key = (value, index, mask)
        if key not in self._named:
            name = self._element(value, index, mask)
            self._remember(key, name, self._level.get(name, 0))
        return self._named[key]

    def _element(self, value: Value, index: Index, mask: str) -> str:
        shape = static_shape(value)
        if value in self._given:
            position, name = self._given[value]
            if flatten_index(index, shape) != position:
                raise AssertionError(f"{value!r} is needed at {index}, but this kernel has it only at {position}")
            return name
        if value in self.places:
            return self.load(self.places[value], index, mask)
        if value.node is None:
            raise AssertionError(f"{value!r} is in no buffer")
        return value.node.op.element(NodeElement(self, value.node, mask), value.node, index)

    def zero_outside(self, name: str, mask: str, dtype: str) -> str:
        """`name` where `mask` holds, else 0."""
        if self._zeroed.get(name, "") == mask:
            return name
        return self.let(f"{name} & ({mask})" if dtype == "bool" else f"tl.where({mask}, {name}, 0)")

    def load(self, place: Place, index: Index, mask: str = "") -> str:
        """An element of memory; 0 of an array that has none."""
        if 0 in place.shape:
            return self.literal(0, place.dtype)
        conditions = [mask] if mask else []
        for expression, size in zip(index, place.shape, strict=True):
            if any(isinstance(atom, Var) and atom.extent >= UNKNOWN for atom, _ in expression.terms):
                conditions.append(self.condition(expression, 0, size))  # an index that was loaded may be out of range
        offset = flatten_index(index, place.shape)
        self.largest = max(self.largest, prod(place.shape))
        depends = self.depends(str(offset))
        conditions += [self.masks[name] for name in sorted(depends) if self.masks[name]]
        text = self._address(
            self.parameter(place.buffer, place.dtype, is_aligned=place.is_aligned), offset, self.depends(" ".join(conditions))
        )
        masked = " & ".join(dict.fromkeys(f"({c})" if " " in c else c for c in conditions))
        name = self.let(f"tl.load({text}, mask={masked}, other=0)" if masked else f"tl.load({text})", "x")
        if masked:
            self._zeroed[name] = mask
        if place.dtype in ("bfloat16", "float16"):
            name = self.let(f"{name}.to(tl.float32)", "x")
            if masked:
                self._zeroed[name] = mask
        return name

    def is_zero_beyond(self, name: str, variable: str) -> bool:
        """True if `name` is a load that gives 0 where `variable` is outside of its range."""
        return name in self._zeroed and variable in self.depends(name)

    def store(self, target: Place, position: IndexExpr, value: str, variables: Sequence[str], condition: str = "") -> str:
        """The line that writes a tile over `variables` to the row-major `position`, where `condition` holds."""
        self.largest = max(self.largest, position.bounds[1])
        parameter = self.parameter(target.buffer, target.dtype, True, target.is_aligned)
        text = self._address(parameter, position, frozenset(variables))
        masked = " & ".join([self.masks[name] for name in variables if self.masks[name]] + [condition] * bool(condition))
        return f"tl.store({text}, {value}, mask={masked})" if masked else f"tl.store({text}, {value})"

    def _address(self, pointer: str, offset: IndexExpr, variables: frozenset[str]) -> str:
        """A tile of addresses that has at least the axes of `variables`."""
        text = str(offset)
        parts = [] if offset == IndexExpr() else [text[1:-1] if text.startswith("(") else text]
        parts += [f"{name} * 0" for name in sorted(variables - self.depends(str(offset)))]
        return " + ".join([pointer, *parts])

    def parameter(self, buffer: str, dtype: str, written: bool = False, is_aligned: bool = True) -> str:
        """The name of the pointer to `buffer`. A buffer that is read and written has two."""
        key = (buffer, written)
        if key not in self.parameters:
            number = sum(1 for _, is_written in self.parameters if is_written == written)
            self.parameters[key] = Parameter(f"{'out' if written else 'in'}{number}", buffer, dtype, is_aligned)
        return self.parameters[key].name

    def condition(self, expression: IndexExpr, low: int, high: int) -> str:
        least, most = expression.bounds
        sides = [f"{expression} >= {low}"] if least < low else []
        sides += [f"{expression} < {high}"] if most >= high else []
        return " & ".join(f"({side})" for side in sides) if len(sides) > 1 else "".join(sides)

    def literal(self, value: Any, dtype: str) -> str:
        return self.let(f"tl.full([], {number_text(value, dtype)}, tl.{tile_dtype(dtype)})", "c")


@dataclass
class NodeElement:
    """What the `element` rule of one node's op sees of the writer: implements `compiler.ops.base.ElementBuilder`."""

    writer: KernelWriter
    node: Node
    mask: str

    def operand(self, number: int, index: Index, mask: str = "") -> str:
        both = f"({self.mask}) & ({mask})" if self.mask and mask else self.mask or mask
        name = self.writer.element(self.node.inputs[number], index, both)
        return self.writer.zero_outside(name, both, self.node.inputs[number].type.dtype) if mask else name

    def let(self, expression: str) -> str:
        return self.writer.let(expression, _hint(self.node.op.name))

    def broadcast(self, index: Index, shape: Sequence[object]) -> Index:
        return broadcast_index(index, shape)

    def literal(self, value: Any, dtype: str) -> str:
        return self.writer.literal(value, dtype)

    def load_constant(self, value: Array, index: Index) -> str:
        name = constant_name(value)
        self.writer.constants[name] = value
        return self.writer.load(Place(name, value.shape, value.dtype.name), index, self.mask)

    def index_value(self, expression: IndexExpr, dtype: str) -> str:
        if not expression.terms:
            return self.literal(expression.offset, dtype)
        return self.let(f"({expression}).to(tl.{tile_dtype(dtype)})")

    def index_of(self, value: str) -> IndexExpr:
        return loaded(self.writer.let(f"{value}.to(tl.int32)", "at"))

    def condition(self, expression: IndexExpr, low: int, high: int) -> str:
        return self.writer.condition(expression, low, high)


def static_shape(value: Value) -> tuple[int, ...]:
    """The shape, whose sizes are all known when kernels are written."""
    return tuple(int(dim) for dim in value.type.shape)


def number_text(value: Any, dtype: str) -> str:
    """`value` as Python source, after rounding to `dtype`."""
    rounded = np.asarray(value).astype(numpy_dtype(dtype)).item()
    if isinstance(rounded, float) and not np.isfinite(rounded):
        return f"float('{rounded}')"
    return repr(rounded) if not isinstance(rounded, bool) else str(int(rounded))


def constant_name(value: Array) -> str:
    """The buffer of a constant; equal arrays share one."""
    return f"constant/{value.dtype.name}{list(value.shape)}/{hashlib.sha256(value.tobytes()).hexdigest()[:12]}".replace(" ", "")


def _hint(name: str) -> str:
    return name if not name[-1].isdigit() else name + "_"
