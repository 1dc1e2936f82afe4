"""Attention."""

from __future__ import annotations

from typing import Any

from graphkeras.compiler.dims import Dim
from graphkeras.compiler.graph import Value
from graphkeras.compiler.ops.attention import MAX_FLASH_SIZE, has_flash_kernel
from graphkeras.compiler.ops.base import expanded
from graphkeras.compiler.registry import ops
from graphkeras.compiler.types import type_of

from .. import config
from ..operation import operation
from .operands import as_bool, dtype_of, ndim_of, promoted, shape_of, tensor

__all__ = ["dot_product_attention"]


@operation
def dot_product_attention(
    query: Any,
    key: Any,
    value: Any,
    bias: Any = None,
    mask: Any = None,
    scale: Any = None,
    is_causal: bool = False,
    flash_attention: bool | None = None,
    attn_logits_soft_cap: float | None = None,
) -> Any:
    """softmax(query . key * scale + bias) . value for each head, over all keys that `mask` (True) and `is_causal` let be seen.

    query is (batch, length, heads, size), key and value (batch, length of keys, heads or a divisor of it, size); bias and mask
    broadcast to (batch, heads, length, length of keys). `scale` defaults to 1 / sqrt(size).

    `flash_attention`: False spells attention out, so that its scores are in memory; True demands sizes and a dtype for which
    the triton target has its kernel (other targets compute it in their own way); None is as `config.enable_flash_attention`
    says.

    Raises:
        ValueError: for shapes that do not fit, for `flash_attention` with heads above 256 or float64, and for
            attn_logits_soft_cap, as in Keras.
    """
    if attn_logits_soft_cap is not None:
        raise ValueError("ops.dot_product_attention: attn_logits_soft_cap is for TPUs only; leave it None.")
    query, key, value = promoted(query, key, value, at_least="float")
    if not ndim_of(query) == ndim_of(key) == ndim_of(value) == 4:
        raise ValueError(
            "ops.dot_product_attention: query, key and value need 4 axes (batch, length, heads, size), got shapes "
            f"{shape_of(query)}, {shape_of(key)} and {shape_of(value)}."
        )
    size = shape_of(query)[-1]
    if scale is None and isinstance(size, Dim):
        scale = ops.rsqrt(tensor(size, dtype_of(query)))
    if scale is not None and not isinstance(scale, (int, float)):
        query, scale = ops.multiply(query, tensor(scale, dtype_of(query))), 1.0
    extras = [] if bias is None else [tensor(bias, dtype_of(query))]
    extras += [] if mask is None else [as_bool(mask)]
    if flash_attention and not has_flash_kernel([x.type if isinstance(x, Value) else type_of(x) for x in (query, key, value)]):
        raise ValueError(
            "ops.dot_product_attention: flash_attention=True takes float32, float16 or bfloat16 and heads of at most "
            f"{MAX_FLASH_SIZE} elements, got {dtype_of(query)} and shapes {shape_of(query)}, {shape_of(value)}. Leave it None."
        )
    result = ops.dot_product_attention(query, key, value, *extras, scale=scale, causal=is_causal)
    spelled_out = not (config.is_flash_attention_enabled() if flash_attention is None else flash_attention)
    return expanded(result.node)[0] if spelled_out and isinstance(result, Value) and result.node is not None else result
