"""What the benchmark of operations measures: one row an operation, with its operands. Plain data that every peer reads."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np


class Row(NamedTuple):
    """An operation on arrays.

    Attributes:
        family: rows are grouped by it.
        name: what the peers call it in their tables of functions.
        shapes: the shapes of its float operands; each gets a gradient if `gradient`.
        integers: shape and bound of further operands that hold integers.
        positive: whether all numbers are in [0.5, 1.5) instead of normally distributed.
        gradient: whether gradients are measured too.
    """

    family: str
    name: str
    shapes: tuple[tuple[int, ...], ...]
    integers: tuple[tuple[tuple[int, ...], int], ...] = ()
    positive: bool = False
    gradient: bool = True


_BIG, _ROWS, _IMAGES = (1024, 1024), (1024, 768), (16, 32, 32, 64)

ROWS = (
    Row("product", "matmul", ((512, 512), (512, 512))),
    Row("product", "batched_matmul", ((32, 128, 64), (32, 64, 128))),
    Row("product", "dense_relu", ((128, 512), (512, 512), (512,))),
    Row("product", "einsum_heads", ((8, 128, 8, 64), (8, 128, 8, 64))),
    *(
        Row("elementwise", name, (_BIG,))
        for name in ("relu", "gelu", "gelu_exact", "silu", "sigmoid", "tanh", "elu", "softplus")
    ),
    *(Row("elementwise", name, (_BIG,)) for name in ("exp", "erf", "sin", "square", "abs", "clip", "leaky_relu")),
    *(Row("elementwise", name, (_BIG,), positive=True) for name in ("log", "sqrt", "rsqrt", "power_half", "reciprocal")),
    *(Row("elementwise", name, (_BIG, _BIG)) for name in ("add", "multiply", "maximum", "where_greater")),
    Row("elementwise", "divide", (_BIG, _BIG), positive=True),
    Row("elementwise", "add_row", (_BIG, (1024,))),
    Row("elementwise", "multiply_column", (_BIG, (1024, 1))),
    *(Row("reduction", name, (_BIG,)) for name in ("sum_all", "sum_rows", "sum_columns", "mean_last", "max_last", "var_last")),
    Row("reduction", "logsumexp", (_BIG,)),
    Row("reduction", "cumsum", (_BIG,)),
    Row("reduction", "cumprod", (_BIG,), positive=True),
    Row("reduction", "bincount", (), (((16384,), 1000),), gradient=False),
    Row("reduction", "rfft", ((256, 1024),)),
    Row("reduction", "argmax", (_BIG,), gradient=False),
    Row("softmax", "softmax", (_BIG,)),
    Row("softmax", "log_softmax", (_BIG,)),
    Row("softmax", "sparse_crossentropy", (_BIG,), (((1024,), 1024),)),
    Row("normalization", "layer_norm", (_ROWS, (768,), (768,))),
    Row("normalization", "rms_norm", (_ROWS, (768,))),
    Row("normalization", "group_norm", (_IMAGES, (64,), (64,))),
    Row("normalization", "batch_norm_training", (_IMAGES, (64,), (64,))),
    Row("attention", "attention", ((8, 128, 8, 64),) * 3),
    Row("attention", "attention_causal", ((8, 128, 8, 64),) * 3),
    Row("indexing", "embedding", ((8192, 64),), (((4096,), 8192),)),
    Row("indexing", "embedding_repeated", ((1000, 64),), (((16384,), 1000),)),
    Row("indexing", "take_along_axis", (_BIG,), (((1024, 16), 1024),)),
    Row("indexing", "one_hot", (), (((4096,), 256),), gradient=False),
    Row("sorting", "sort", ((256, 1024),)),
    Row("sorting", "argsort", ((256, 1024),), gradient=False),
    Row("sorting", "top_k", ((256, 1024),)),
    Row("shape", "transpose", (_BIG,)),
    Row("shape", "swap_heads", ((8, 128, 8, 64),)),
    Row("shape", "concatenate", (_BIG, _BIG)),
    Row("shape", "slice", (_BIG,)),
    Row("shape", "pad", (_IMAGES,)),
    Row("shape", "repeat", (_BIG,)),
    Row("shape", "tile", (_BIG,)),
    Row("shape", "roll", (_BIG,)),
    Row("shape", "flip", (_BIG,)),
    Row("convolution", "conv3x3", (_IMAGES, (3, 3, 64, 64))),
    Row("convolution", "conv3x3_stride2", (_IMAGES, (3, 3, 64, 64))),
    Row("convolution", "conv1x1", (_IMAGES, (1, 1, 64, 128))),
    Row("convolution", "conv5x5", ((64, 14, 14, 32), (5, 5, 32, 64))),
    Row("convolution", "conv3x3_image", ((16, 64, 64, 3), (3, 3, 3, 32))),
    Row("convolution", "conv1d", ((16, 256, 64), (3, 64, 64))),
    Row("convolution", "conv_transpose2", ((16, 16, 16, 64), (2, 2, 64, 64))),
    Row("convolution", "depthwise3x3", (_IMAGES, (3, 3, 64, 1))),
    Row("convolution", "max_pool2", (_IMAGES,)),
    Row("convolution", "max_pool3_stride2", (_IMAGES,)),
    Row("convolution", "average_pool2", (_IMAGES,)),
    Row("recurrent", "lstm", ((32, 32, 64), (64, 512), (128, 512), (512,))),
    Row("recurrent", "gru", ((32, 32, 64), (64, 384), (128, 384), (2, 384))),
    Row("recurrent", "simple_rnn", ((32, 32, 64), (64, 128), (128, 128), (128,))),
    Row("recurrent", "lstm_masked", ((32, 64, 64), (64, 128), (32, 128), (128,)), (((32,), 63),)),
    Row("image", "resize_antialias", ((8, 64, 64, 16),)),
    Row("image", "resize_bilinear", ((8, 32, 32, 16),)),
    Row("image", "resize_nearest", ((8, 32, 32, 16),)),
)


def arrays_of(row: Row) -> list[Any]:
    """The operands of a row, the same in every process: floats first, integers after them."""
    rng = np.random.default_rng(0)
    floats = [
        (rng.uniform(0.5, 1.5, shape) if row.positive else rng.normal(size=shape)).astype(np.float32) for shape in row.shapes
    ]
    return floats + [rng.integers(0, bound, shape).astype(np.int32) for shape, bound in row.integers]


def checksums(results: Any) -> list[float]:
    """A figure of each result that does not depend on the order of its elements: the mean magnitude."""
    return [float(np.mean(np.abs(np.asarray(result, np.float64)))) for result in results]
