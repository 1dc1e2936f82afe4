"""Types of kernel parameters: what they are called, how they lie in memory."""

from __future__ import annotations

from typing import Any

import numpy as np

SCALARS: dict[str, np.dtype[Any]] = {
    "i1": np.dtype(np.bool_),
    "i8": np.dtype(np.int8),
    "i16": np.dtype(np.int16),
    "i32": np.dtype(np.int32),
    "i64": np.dtype(np.int64),
    "u8": np.dtype(np.uint8),
    "u16": np.dtype(np.uint16),
    "u32": np.dtype(np.uint32),
    "u64": np.dtype(np.uint64),
    "fp32": np.dtype(np.float32),
    "fp64": np.dtype(np.float64),
}
"""Types of scalar arguments. Half precision is not among them: triton passes those in a form of its own."""

ELEMENT_BYTES = {
    "i1": 1,
    "i8": 1,
    "u8": 1,
    "i16": 2,
    "u16": 2,
    "i32": 4,
    "u32": 4,
    "i64": 8,
    "u64": 8,
    "fp8e4nv": 1,
    "fp8e5": 1,
    "fp16": 2,
    "bf16": 2,
    "fp32": 4,
    "fp64": 8,
}
"""Bytes of the elements that pointers may point to."""


def is_pointer(type_name: str) -> bool:
    return type_name.startswith("*")


def parameter_bytes(type_name: str) -> int:
    """Bytes that a parameter takes in the kernel's parameter list."""
    return 8 if is_pointer(type_name) else SCALARS[type_name].itemsize


def scalar(type_name: str, value: float) -> np.ndarray[Any, np.dtype[Any]]:
    """`value` as an array of one element of that type.

    Raises:
        OverflowError: if the type cannot hold the value.
        TypeError: if an integer is needed and `value` is none.
    """
    dtype = SCALARS[type_name]
    if dtype.kind in "iu":
        if isinstance(value, float):
            raise TypeError(f"a parameter of type {type_name} needs an integer, got {value!r}")
        limits = np.iinfo(dtype)
        if not limits.min <= value <= limits.max:
            raise OverflowError(f"{value} does not fit into {type_name}")
    return np.array([value], dtype)
