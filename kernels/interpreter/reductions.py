"""``tl.reduce`` and ``tl.associative_scan`` with whole-array steps.

Triton's interpreter calls the combining function once per element unless it knows it. Here it is called on all pairs of
neighbours at once: about log2(n) times for n elements, in the shape of the tree that a GPU uses.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import triton.language as tl

from .builder import handle_of, numbers

Array = np.ndarray[Any, Any]
Combine = Callable[..., Any]

UFUNCS: Mapping[str, Callable[..., Array]] = {
    "_sum_combine": np.add.reduce,
    "_elementwise_max": np.fmax.reduce,
    "_elementwise_min": np.fmin.reduce,
    "_xor_combine": np.bitwise_xor.reduce,
}
SCANS: Mapping[str, Callable[..., Array]] = {"_sum_combine": np.cumsum, "_prod_combine": np.cumprod}


def _standard(combine: Any) -> str:
    """Name of a combining function of triton's own, else nothing."""
    return combine.__name__ if combine.__module__ == "triton.language.standard" else ""


def _tensor(values: Array, dtype: Any) -> Any:
    """A tensor, or a scalar for an array without axes."""
    if values.ndim == 0:
        return tl.core.tensor(handle_of(values.reshape(1), dtype), dtype)
    return tl.core.tensor(handle_of(values, dtype), tl.block_type(dtype, list(values.shape)))


def reduce(input: Any, axis: Any, combine_fn: Any, keep_dims: Any = False, **_ignored: Any) -> Any:
    """``tl.reduce``: one tensor or a tuple of them; `axis` None reduces over all."""
    several = isinstance(input, tuple | tl.tuple)
    tensors = tuple(input) if several else (input,)
    axis, keep_dims = _plain(axis), bool(_plain(keep_dims))
    arrays = [numbers(tensor.handle) for tensor in tensors]
    dtypes = [tensor.dtype for tensor in tensors]
    shape = arrays[0].shape
    if axis is None:
        arrays = [array.reshape(-1) for array in arrays]
    elif not -len(shape) <= axis < len(shape):
        raise ValueError(f"axis {axis} out of bounds for shape {shape}")
    along = 0 if axis is None else axis % len(shape)
    ufunc = UFUNCS.get(_standard(combine_fn))
    if ufunc is not None and len(arrays) == 1:
        results = [np.asarray(ufunc(arrays[0], axis=along, dtype=arrays[0].dtype))]
    else:
        results = _by_pairs(arrays, dtypes, along, combine_fn)
    if keep_dims:
        kept = [1] * len(shape) if axis is None else [1 if i == along else size for i, size in enumerate(shape)]
        results = [result.reshape(kept) for result in results]
    outputs = tuple(_tensor(result, dtype) for result, dtype in zip(results, dtypes, strict=True))
    return outputs if several else outputs[0]


def _by_pairs(arrays: list[Array], dtypes: list[Any], axis: int, combine: Combine) -> list[Array]:
    """Combine neighbours until one element is left; an odd one waits for the next round."""
    arrays = [np.moveaxis(array, axis, 0) for array in arrays]
    while (size := arrays[0].shape[0]) > 1:
        half = size // 2
        left = [_tensor(array[0 : 2 * half : 2], dtype) for array, dtype in zip(arrays, dtypes, strict=True)]
        right = [_tensor(array[1 : 2 * half : 2], dtype) for array, dtype in zip(arrays, dtypes, strict=True)]
        combined = _combined(combine, left, right)
        arrays = [np.concatenate([new, old[2 * half :]]) for new, old in zip(combined, arrays, strict=True)]
    return [array[0] for array in arrays]


def scan(input: Any, axis: Any, combine_fn: Any, reverse: Any = False, **_ignored: Any) -> Any:
    """``tl.associative_scan``: inclusive, over one tensor or a tuple of them."""
    several = isinstance(input, tuple | tl.tuple)
    tensors = tuple(input) if several else (input,)
    axis, reverse = _plain(axis), bool(_plain(reverse))
    dtypes = [tensor.dtype for tensor in tensors]
    arrays = [np.moveaxis(numbers(tensor.handle), axis, 0) for tensor in tensors]
    if reverse:
        arrays = [array[::-1] for array in arrays]
    ufunc = SCANS.get(_standard(combine_fn))
    if ufunc is not None and len(arrays) == 1:
        arrays = [ufunc(arrays[0], axis=0, dtype=arrays[0].dtype)]
    else:
        arrays = _doubling(arrays, dtypes, combine_fn)
    if reverse:
        arrays = [array[::-1] for array in arrays]
    outputs = tuple(_tensor(np.moveaxis(array, 0, axis), dtype) for array, dtype in zip(arrays, dtypes, strict=True))
    return outputs if several else outputs[0]


def _doubling(arrays: list[Array], dtypes: list[Any], combine: Combine) -> list[Array]:
    """Every element takes in the one `step` before it, for steps 1, 2, 4, ... (Hillis and Steele).

    The first ones have none before; they are combined with themselves, since sizes must stay powers of two, and then kept.
    """
    step = 1
    while step < arrays[0].shape[0]:
        before = [np.concatenate([array[:step], array[:-step]]) for array in arrays]
        left = [_tensor(array, dtype) for array, dtype in zip(before, dtypes, strict=True)]
        right = [_tensor(array, dtype) for array, dtype in zip(arrays, dtypes, strict=True)]
        combined = _combined(combine, left, right)
        arrays = [np.concatenate([old[:step], new[step:]]) for old, new in zip(arrays, combined, strict=True)]
        step *= 2
    return arrays


def _combined(combine: Combine, left: list[Any], right: list[Any]) -> list[Array]:
    result = combine(*left, *right)
    results = result if isinstance(result, tuple | tl.tuple) else (result,)
    return [numbers(tensor.handle) for tensor in results]


def _plain(value: Any) -> Any:
    return value.value if isinstance(value, tl.constexpr) else value
