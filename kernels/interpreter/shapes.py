"""Types of blocks, made once. Triton builds and prints the type of every intermediate tensor anew, which takes the interpreter
a third of its time; the same few shapes come again and again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import triton.language as tl

_make_block_type = tl.block_type.__init__
_make_tuple_type = tl.core._type_for_tuple_values

_block_types: dict[tuple[str, tuple[int, ...]], dict[str, Any]] = {}
_tuple_types: dict[tuple[int, ...], Any] = {}


def _sizes(values: Sequence[Any]) -> tuple[int, ...] | None:
    """The numbers of a shape, or None if it holds anything else."""
    sizes = tuple(value.value if type(value) is tl.constexpr else value for value in values)
    return sizes if all(type(size) is int for size in sizes) else None


def block_type_init(self: Any, element_ty: Any, shape: Any) -> None:
    """`tl.block_type.__init__`."""
    sizes = _sizes(shape) if isinstance(shape, list | tuple | tl.tuple) else None
    if sizes is None:
        _make_block_type(self, element_ty, shape)
        return
    attributes = _block_types.get((element_ty.name, sizes))
    if attributes is None:
        _make_block_type(self, element_ty, shape)
        _block_types[element_ty.name, sizes] = dict(self.__dict__)
    else:
        self.__dict__.update(attributes)


def type_for_tuple_values(values: Sequence[Any], fields: Any = None) -> Any:
    """`tl.core._type_for_tuple_values`."""
    sizes = _sizes(values) if fields is None else None
    if sizes is None:
        return _make_tuple_type(values, fields)
    made = _tuple_types.get(sizes)
    if made is None:
        made = _tuple_types[sizes] = _make_tuple_type(values, fields)
    return made
