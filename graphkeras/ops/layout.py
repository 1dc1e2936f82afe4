"""The same elements in another layout: axes by name, and bits read as another dtype."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from graphkeras.compiler.dims import is_symbolic, size_of
from graphkeras.compiler.graph import Value
from graphkeras.compiler.registry import ops
from graphkeras.compiler.types import numpy_dtype, shape_text

from ..operation import operation
from .operands import dtype_of, shape_of, standard_dtype, tensor

__all__ = ["rearrange", "view"]


@operation
def rearrange(tensor: Any, pattern: str, **axes_lengths: int) -> Any:
    """Axes moved, joined and split by names: ``rearrange(x, "b (h p) c -> b h (p c)", p=2)``.

    Args:
        pattern: names of the axes of `tensor` and of the result; names in parentheses share one axis, the last name changes
            fastest.
        axes_lengths: sizes of names in parentheses; one in each pair of parentheses may be left out.

    Raises:
        ValueError: for a pattern that does not fit the tensor.
    """
    x = _tensor(tensor)
    sides = pattern.split("->")
    if len(sides) != 2:
        raise ValueError(f"ops.rearrange: the pattern needs one '->', got {pattern!r}.")
    before, after = (_groups(side, pattern) for side in sides)
    names, wanted = ([name for group in groups for name in group] for groups in (before, after))
    if sorted(names) != sorted(wanted) or len(set(names)) != len(names):
        raise ValueError(f"ops.rearrange: both sides of {pattern!r} must have the same names, each once.")
    shape = shape_of(x)
    if len(before) != len(shape):
        raise ValueError(f"ops.rearrange: {pattern!r} names {len(before)} axes, the tensor has shape {shape_text(shape)}.")
    unknown = sorted(set(axes_lengths) - set(names))
    if unknown:
        raise ValueError(f"ops.rearrange: the size of {unknown[0]!r} is given, but {pattern!r} has no such name.")
    sizes: dict[str, Any] = {}
    for group, size in zip(before, shape):
        sizes.update(_split(group, size, axes_lengths, pattern))
    x = ops.reshape(x, shape=tuple(sizes[name] for name in names))
    x = ops.transpose(x, axes=tuple(names.index(name) for name in wanted))
    return ops.reshape(x, shape=tuple(size_of(sizes[name] for name in group) for group in after))


_tensor = tensor


def _groups(side: str, pattern: str) -> list[list[str]]:
    """The names that share each axis."""
    found = re.findall(r"\([\w\s]*\)|\w+", side)
    if re.sub(r"\([\w\s]*\)|\w+|\s", "", side):
        raise ValueError(
            f"ops.rearrange: a pattern is made of names, spaces and parentheses; got {side.strip()!r} in {pattern!r}."
        )
    return [part.strip("()").split() for part in found]


def _split(group: list[str], size: Any, lengths: dict[str, int], pattern: str) -> dict[str, Any]:
    """The size of each name in a group that makes up an axis of `size`."""
    open_names = [name for name in group if name not in lengths]
    known = size_of(lengths[name] for name in group if name in lengths)
    sizes: dict[str, Any] = {name: lengths[name] for name in group if name in lengths}
    if len(open_names) > 1:
        raise ValueError(f"ops.rearrange: give the sizes of all but one of {', '.join(open_names)} in {pattern!r}.")
    fits = is_symbolic(size) or (known != 0 and size % known == 0)
    if not fits or (not open_names and known != size):
        raise ValueError(f"ops.rearrange: an axis of size {size} is no ({' '.join(group)}) of {sizes} in {pattern!r}.")
    return {**sizes, **dict.fromkeys(open_names, size // known)}


@operation
def view(x: Any, dtype: Any = None) -> Any:
    """The bits of x read as another dtype; the last axis grows or shrinks if its elements have another size.

    Raises:
        NotImplementedError: for symbols, unless the dtype stays: no target reads bits as another dtype.
        ValueError: if the last axis cannot be divided into elements of that size.
    """
    x = tensor(x)
    target = dtype_of(x) if dtype is None else standard_dtype(dtype)
    if target == dtype_of(x):
        return x
    if isinstance(x, Value):
        raise NotImplementedError("ops.view with another dtype works on arrays only. Use ops.cast to convert the numbers.")
    old, new = x.dtype.itemsize, numpy_dtype(target).itemsize
    if old != new and (x.ndim == 0 or x.shape[-1] * old % new):
        raise ValueError(f"ops.view: the last axis of shape {shape_text(x.shape)}, {dtype_of(x)}, cannot be read as {target}.")
    return (
        np.ascontiguousarray(x).view(numpy_dtype(target)).reshape(*x.shape[:-1], -1) if x.ndim else x.view(numpy_dtype(target))
    )
