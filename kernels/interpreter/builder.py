"""What each operation of a kernel computes: triton's interpreter with its differences from a GPU corrected.

Triton 3.6 calculates with bfloat16 on raw bits in places, rounds float32 to bfloat16 toward zero, gives comparisons the type
of their operands, and lets maxima propagate NaN that hardware drops. `Builder` computes these as a GPU does, guards every
access to memory, and knows the functions of libdevice.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ml_dtypes
import numpy as np
import triton.language as tl
from triton._C.libtriton import interpreter, ir
from triton.runtime.interpreter import InterpreterBuilder, InterpreterOptions, TensorHandle, _get_np_dtype

from .libdevice import libdevice_function
from .memory import Guard

Array = np.ndarray[Any, Any]
BFLOAT16 = np.dtype(ml_dtypes.bfloat16)


_DTYPES = {
    dtype.name: _get_np_dtype(dtype)
    for dtype in (
        *(tl.int1, tl.int8, tl.int16, tl.int32, tl.int64, tl.uint8, tl.uint16, tl.uint32, tl.uint64),
        *(tl.float16, tl.bfloat16, tl.float32, tl.float64),
        *(tl.float8e5, tl.float8e4nv, tl.float8e5b16, tl.float8e4b8, tl.float8e4b15),
    )
}


def numpy_dtype(dtype: Any) -> np.dtype[Any]:
    """How values of a triton type are kept: bfloat16 as 16 bits, pointers as 64."""
    scalar = dtype.scalar
    return np.dtype(np.uint64) if isinstance(scalar, tl.pointer_type) else _DTYPES[scalar.name]


def numbers(handle: Any) -> Array:
    """The values of a handle; bfloat16, which triton keeps as bits, becomes float32."""
    data: Array = handle.data
    if handle.dtype.scalar == tl.bfloat16 and data.dtype == np.uint16:
        data = data.view(BFLOAT16).astype(np.float32)
    return data


def handle_of(values: Array, dtype: Any) -> Any:
    """A handle of triton type `dtype` that holds the numbers `values`, rounded to nearest."""
    scalar = dtype.scalar
    if scalar == tl.bfloat16:
        return TensorHandle(values.astype(np.float32).astype(BFLOAT16).view(np.uint16), scalar)
    return TensorHandle(values.astype(numpy_dtype(scalar), copy=False), scalar)


class Builder(InterpreterBuilder):  # type: ignore[misc]  # triton has no types
    """Computes a kernel's operations on NumPy arrays.

    Attributes:
        guard: checks the addresses of loads and stores; set for each launch.
    """

    def __init__(self) -> None:
        super().__init__()
        # Its checks of overflows say something in debug mode only, but are computed always: a tenth of the time.
        self.options = InterpreterOptions(sanitize_overflow=False)
        self.guard = Guard(())
        self.grid_idx = (0, 0, 0)
        self.grid_dim = (1, 1, 1)

    # memory

    def _check(self, what: str, pointers: Any, mask: Any) -> None:
        element_bytes = max(1, pointers.get_element_ty().primitive_bitwidth // 8)
        self.guard.check(what, pointers.data, mask if isinstance(mask, np.ndarray) else mask.data, element_bytes)

    def create_masked_load(self, ptrs: Any, mask: Any, other: Any, cache: Any, eviction: Any, is_volatile: Any) -> Any:
        self._check("load", ptrs, mask)
        dtype = ptrs.get_element_ty()
        default = np.zeros(ptrs.data.shape, numpy_dtype(dtype)) if other is None else other.data
        return TensorHandle(interpreter.load(ptrs.data, mask.data, default, numpy_dtype(dtype)), dtype)

    def create_masked_store(self, ptrs: Any, value: Any, mask: Any, cache: Any, eviction: Any) -> Any:
        self._check("store", ptrs, mask)
        return super().create_masked_store(ptrs, value, mask, cache, eviction)

    def create_atomic_rmw(self, operation: Any, ptr: Any, val: Any, mask: Any, sem: Any, scope: Any) -> Any:
        self._check("atomic", ptr, mask)
        return super().create_atomic_rmw(operation, ptr, val, mask, sem, scope)

    def create_atomic_cas(self, ptr: Any, cmp: Any, val: Any, sem: Any, scope: Any) -> Any:
        self._check("atomic", ptr, np.ones_like(ptr.data, dtype=bool))
        return super().create_atomic_cas(ptr, cmp, val, sem, scope)

    # numbers

    def get_bf16(self, value: float) -> Any:
        return handle_of(np.array([value], np.float32), tl.bfloat16)

    def get_all_ones_value(self, type: Any) -> Any:
        dtype = numpy_dtype(type)
        return TensorHandle(np.full(1, ~dtype.type(0), dtype), type.scalar)

    def cast_impl(self, src: Any, dst_type: Any) -> Any:
        return handle_of(numbers(src), dst_type)

    def create_fp_to_fp(self, src: Any, dst_type: Any, rounding_mode: Any) -> Any:
        bfloat16 = tl.bfloat16 in (src.dtype.scalar, dst_type.scalar)
        if bfloat16 and rounding_mode != ir.ROUNDING_MODE.RTZ:
            return self.cast_impl(src, dst_type)
        return super().create_fp_to_fp(src, dst_type, rounding_mode)

    def unary_op(self, arg: Any, op: Callable[..., Array]) -> Any:
        return handle_of(op(numbers(arg)), arg.dtype)

    def binary_op(self, lhs: Any, rhs: Any, op: Callable[..., Array]) -> Any:
        result = op(numbers(lhs), numbers(rhs))
        return handle_of(result, tl.int1 if result.dtype == np.bool_ else lhs.dtype)

    def ternary_op(self, lhs: Any, rhs: Any, other: Any, op: Callable[..., Array]) -> Any:
        return handle_of(op(numbers(lhs), numbers(rhs), numbers(other)), other.dtype)

    def create_rsqrt(self, arg: Any) -> Any:
        return self.unary_op(arg, lambda x: 1 / np.sqrt(x))

    def create_fma(self, x: Any, y: Any, z: Any) -> Any:
        wide = np.float64 if numbers(x).dtype.itemsize < 8 else np.longdouble  # one rounding, at the end
        return self.ternary_op(x, y, z, lambda a, b, c: a.astype(wide) * b.astype(wide) + c.astype(wide))

    def create_maxnumf(self, lhs: Any, rhs: Any) -> Any:
        return self.binary_op(lhs, rhs, np.fmax)

    def create_minnumf(self, lhs: Any, rhs: Any) -> Any:
        return self.binary_op(lhs, rhs, np.fmin)

    def create_clampf(self, arg: Any, lo: Any, hi: Any, propagate_nans: Any) -> Any:
        if propagate_nans == ir.PROPAGATE_NAN.ALL:
            return self.ternary_op(arg, lo, hi, np.clip)
        return self.ternary_op(arg, lo, hi, lambda x, low, high: np.fmin(np.fmax(x, low), high))

    def create_dot(self, a: Any, b: Any, d: Any, input_precision: Any, max_num_imprecise_acc: Any) -> Any:
        left, right = numbers(a), numbers(b)
        if a.dtype.scalar.is_fp8() or b.dtype.scalar.is_fp8():
            return super().create_dot(a, b, d, input_precision, max_num_imprecise_acc)
        if left.dtype == np.float32 and input_precision == ir.INPUT_PRECISION.TF32 and a.dtype.scalar == tl.float32:
            left, right = _round_to_tf32(left), _round_to_tf32(right)
        accumulator = numbers(d)
        return handle_of(np.matmul(left, right, dtype=accumulator.dtype) + accumulator, d.dtype)

    def create_extern_elementwise(
        self, library: str, path: str, symbol: str, arguments: list[Any], result_type: Any, is_pure: bool
    ) -> Any:
        return handle_of(libdevice_function(symbol)(*(numbers(argument) for argument in arguments)), result_type)


def _round_to_tf32(values: Array) -> Array:
    """float32 with 10 bits of mantissa, as a tensor core reads it: to nearest, ties away from zero."""
    bits = values.view(np.uint32)
    return ((bits + np.uint32(0x1000)) & np.uint32(0xFFFFE000)).view(np.float32)
