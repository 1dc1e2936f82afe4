"""The rows of the benchmark of operations in graphkeras, on onnxruntime."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from op_worker import OpWorker  # type: ignore[import-not-found,unused-ignore]

import graphkeras
from graphkeras import ops
from graphkeras.compiler import driver
from graphkeras.compiler.types import type_of
from graphkeras.layers.normalization_by_sample import group_normalization
from graphkeras.ops import recurrent
from graphkeras.trace import Trace


def _batch_norm(x: Any, scale: Any, offset: Any) -> Any:
    mean, variance = ops.moments(x, [0, 1, 2])
    return ops.batch_normalization(x, mean, variance, axis=-1, offset=offset, scale=scale, epsilon=1e-3)


def _lstm(x: Any, kernel: Any, recurrent_kernel: Any, bias: Any) -> Any:
    kernel, recurrent_kernel = kernel * 0.05, recurrent_kernel * 0.05  # larger ones make chaos
    zeros = ops.zeros((x.shape[0], recurrent_kernel.shape[0]))
    return recurrent.lstm(x, zeros, zeros, None, kernel, recurrent_kernel, bias)[1]


def _gru(x: Any, kernel: Any, recurrent_kernel: Any, bias: Any) -> Any:
    kernel, recurrent_kernel = kernel * 0.05, recurrent_kernel * 0.05
    return recurrent.gru(x, ops.zeros((x.shape[0], recurrent_kernel.shape[0])), None, kernel, recurrent_kernel, bias)[1]


def _simple_rnn(x: Any, kernel: Any, recurrent_kernel: Any, bias: Any) -> Any:
    kernel, recurrent_kernel = kernel * 0.05, recurrent_kernel * 0.05
    return recurrent.simple_rnn(x, ops.zeros((x.shape[0], recurrent_kernel.shape[0])), None, kernel, recurrent_kernel, bias)[1]


def _lstm_masked(x: Any, kernel: Any, recurrent_kernel: Any, bias: Any, lengths: Any) -> Any:
    """The last state of sequences of 1 + `lengths` time steps."""
    kernel, recurrent_kernel = kernel * 0.05, recurrent_kernel * 0.05
    zeros = ops.zeros((x.shape[0], recurrent_kernel.shape[0]))
    mask = ops.less_equal(ops.arange(x.shape[1], dtype="int32"), ops.expand_dims(lengths, 1))
    return recurrent.lstm(x, zeros, zeros, mask, kernel, recurrent_kernel, bias)[2][0]


def _group_norm(x: Any, scale: Any, offset: Any) -> Any:
    """8 groups of channels."""
    return group_normalization(x, scale, offset, axis=-1, groups=8, epsilon=1e-3)


def _power(x: Any) -> Any:
    real, imaginary = ops.rfft(x)
    return ops.square(real) + ops.square(imaginary)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "matmul": ops.matmul,
    "batched_matmul": ops.matmul,
    "dense_relu": lambda x, kernel, bias: ops.relu(ops.add(ops.matmul(x, kernel), bias)),
    "einsum_heads": lambda a, b: ops.einsum("bqhd,bkhd->bhqk", a, b),
    "relu": ops.relu,
    "gelu": ops.gelu,
    "gelu_exact": lambda x: ops.gelu(x, approximate=False),
    "silu": ops.silu,
    "sigmoid": ops.sigmoid,
    "tanh": ops.tanh,
    "elu": ops.elu,
    "softplus": ops.softplus,
    "exp": ops.exp,
    "erf": ops.erf,
    "sin": ops.sin,
    "square": ops.square,
    "abs": ops.abs,
    "clip": lambda x: ops.clip(x, -1.0, 1.0),
    "leaky_relu": lambda x: ops.leaky_relu(x, 0.2),
    "log": ops.log,
    "sqrt": ops.sqrt,
    "rsqrt": ops.rsqrt,
    "power_half": lambda x: ops.power(x, 0.5),
    "reciprocal": ops.reciprocal,
    "add": ops.add,
    "multiply": ops.multiply,
    "maximum": ops.maximum,
    "where_greater": lambda a, b: ops.where(ops.greater(a, 0.0), a, b),
    "divide": ops.divide,
    "add_row": ops.add,
    "multiply_column": ops.multiply,
    "sum_all": ops.sum,
    "sum_rows": lambda x: ops.sum(x, axis=0),
    "sum_columns": lambda x: ops.sum(x, axis=1),
    "mean_last": lambda x: ops.mean(x, axis=-1),
    "max_last": lambda x: ops.max(x, axis=-1),
    "var_last": lambda x: ops.var(x, axis=-1),
    "logsumexp": lambda x: ops.logsumexp(x, axis=-1),
    "cumsum": lambda x: ops.cumsum(x, axis=-1),
    "argmax": lambda x: ops.argmax(x, axis=-1),
    "softmax": ops.softmax,
    "log_softmax": ops.log_softmax,
    "sparse_crossentropy": lambda x, labels: ops.sparse_categorical_crossentropy(labels, x, from_logits=True),
    "layer_norm": lambda x, gamma, beta: ops.layer_normalization(x, gamma, beta, axis=-1, epsilon=1e-5),
    "rms_norm": lambda x, scale: ops.rms_normalization(x, scale, axis=-1, epsilon=1e-6),
    "batch_norm_training": _batch_norm,
    "attention": ops.dot_product_attention,
    "attention_causal": lambda q, k, v: ops.dot_product_attention(q, k, v, is_causal=True),
    "embedding": lambda table, indices: ops.take(table, indices, axis=0),
    "embedding_repeated": lambda table, indices: ops.take(table, indices, axis=0),
    "take_along_axis": lambda x, indices: ops.take_along_axis(x, indices, axis=1),
    "one_hot": lambda indices: ops.one_hot(indices, 256),
    "sort": ops.sort,
    "argsort": ops.argsort,
    "top_k": lambda x: ops.top_k(x, 8)[0],
    "transpose": ops.transpose,
    "swap_heads": lambda x: ops.transpose(x, (0, 2, 1, 3)),
    "concatenate": lambda a, b: ops.concatenate([a, b], axis=1),
    "slice": lambda x: x[:, 100:900],
    "pad": lambda x: ops.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0))),
    "repeat": lambda x: ops.repeat(x, 2, axis=1),
    "tile": lambda x: ops.tile(x, (1, 2)),
    "roll": lambda x: ops.roll(x, 5, axis=1),
    "flip": lambda x: ops.flip(x, axis=1),
    "conv3x3": lambda x, kernel: ops.conv(x, kernel, padding="same"),
    "conv3x3_stride2": lambda x, kernel: ops.conv(x, kernel, strides=2, padding="valid"),
    "conv1x1": lambda x, kernel: ops.conv(x, kernel),
    "conv5x5": lambda x, kernel: ops.conv(x, kernel, padding="same"),
    "conv3x3_image": lambda x, kernel: ops.conv(x, kernel, padding="same"),
    "conv1d": lambda x, kernel: ops.conv(x, kernel, padding="same"),
    "conv_transpose2": lambda x, kernel: ops.conv_transpose(x, kernel, strides=2),
    "depthwise3x3": lambda x, kernel: ops.depthwise_conv(x, kernel, padding="same"),
    "max_pool2": lambda x: ops.max_pool(x, 2),
    "max_pool3_stride2": lambda x: ops.max_pool(x, 3, strides=2),
    "average_pool2": lambda x: ops.average_pool(x, 2),
    "lstm": _lstm,
    "gru": _gru,
    "simple_rnn": _simple_rnn,
    "lstm_masked": _lstm_masked,
    "group_norm": _group_norm,
    "cumprod": lambda x: ops.cumprod(x, axis=-1),
    "bincount": lambda x: ops.bincount(x, minlength=1000),
    "rfft": _power,
    "resize_antialias": lambda x: ops.image.resize(x, (32, 32), antialias=True),
    "resize_bilinear": lambda x: ops.image.resize(x, (64, 64)),
    "resize_nearest": lambda x: ops.image.resize(x, (64, 64), interpolation="nearest"),
}


def prepare(row: Any, arrays: list[Any], gradient: bool) -> tuple[Callable[[], None], Callable[[], list[Any]]]:
    """Compile the row; returns what runs it, and what gets its results."""
    with Trace() as trace:
        operands = [trace.placeholder(type_of(np.asarray(array)), f"x{k}") for k, array in enumerate(arrays)]
        y = FUNCTIONS[row.name](*operands)
        outputs = [y]
        if gradient:
            outputs += graphkeras.gradients(y, operands[: len(row.shapes)], y)
    executable = driver.compile_graph(trace.graph([output.value for output in outputs]), {}, "onnxruntime").executable
    return lambda: executable.launch(arrays), executable.fetch


def make_worker() -> OpWorker:
    return OpWorker("graphkeras, onnxruntime", prepare)
