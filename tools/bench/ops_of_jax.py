"""The rows of the benchmark of operations in JAX, each jitted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax  # type: ignore[import-not-found,unused-ignore]
import jax.numpy as jnp  # type: ignore[import-not-found,unused-ignore]
from jax import lax, nn  # type: ignore[import-not-found,unused-ignore]
from op_worker import OpWorker  # type: ignore[import-not-found,unused-ignore]


def _normalized(x: Any, axes: Any, epsilon: float) -> Any:
    mean, variance = jnp.mean(x, axes, keepdims=True), jnp.var(x, axes, keepdims=True)
    return (x - mean) * lax.rsqrt(variance + epsilon)


def _conv(x: Any, kernel: Any, stride: int = 1, padding: str = "SAME", groups: int = 1) -> Any:
    return lax.conv_general_dilated(
        x, kernel, (stride, stride), padding, dimension_numbers=("NHWC", "HWIO", "NHWC"), feature_group_count=groups
    )


def _pool(x: Any, size: int, stride: int, maximum: bool = True) -> Any:
    window, strides = (1, size, size, 1), (1, stride, stride, 1)
    if maximum:
        return lax.reduce_window(x, -jnp.inf, lax.max, window, strides, "VALID")
    return lax.reduce_window(x, 0.0, lax.add, window, strides, "VALID") / size**2


def _crossentropy(x: Any, labels: Any) -> Any:
    return -jnp.take_along_axis(nn.log_softmax(x), labels[:, None], axis=1)[:, 0]


def _lstm(x: Any, kernel: Any, recurrent_kernel: Any, bias: Any) -> Any:
    kernel, recurrent_kernel = kernel * 0.05, recurrent_kernel * 0.05  # larger ones make chaos

    def step(states: Any, current: Any) -> Any:
        h, c = states
        i, f, g, o = jnp.split(current + h @ recurrent_kernel, 4, axis=-1)
        c = nn.sigmoid(f) * c + nn.sigmoid(i) * jnp.tanh(g)
        h = nn.sigmoid(o) * jnp.tanh(c)
        return (h, c), h

    zeros = jnp.zeros((x.shape[0], recurrent_kernel.shape[0]))
    outputs = lax.scan(step, (zeros, zeros), jnp.swapaxes(x @ kernel + bias, 0, 1))[1]
    return jnp.swapaxes(outputs, 0, 1)


def _gru(x: Any, kernel: Any, recurrent_kernel: Any, bias: Any) -> Any:
    kernel, recurrent_kernel = kernel * 0.05, recurrent_kernel * 0.05

    def step(h: Any, current: Any) -> Any:
        x_z, x_r, x_n = jnp.split(current, 3, axis=-1)
        h_z, h_r, h_n = jnp.split(h @ recurrent_kernel + bias[1], 3, axis=-1)
        z, n = nn.sigmoid(x_z + h_z), jnp.tanh(x_n + nn.sigmoid(x_r + h_r) * h_n)
        h = z * h + (1 - z) * n
        return h, h

    zeros = jnp.zeros((x.shape[0], recurrent_kernel.shape[0]))
    return jnp.swapaxes(lax.scan(step, zeros, jnp.swapaxes(x @ kernel + bias[0], 0, 1))[1], 0, 1)


def _simple_rnn(x: Any, kernel: Any, recurrent_kernel: Any, bias: Any) -> Any:
    kernel, recurrent_kernel = kernel * 0.05, recurrent_kernel * 0.05

    def step(h: Any, current: Any) -> Any:
        h = jnp.tanh(current + h @ recurrent_kernel)
        return h, h

    zeros = jnp.zeros((x.shape[0], recurrent_kernel.shape[0]))
    return jnp.swapaxes(lax.scan(step, zeros, jnp.swapaxes(x @ kernel + bias, 0, 1))[1], 0, 1)


def _lstm_masked(x: Any, kernel: Any, recurrent_kernel: Any, bias: Any, lengths: Any) -> Any:
    kernel, recurrent_kernel = kernel * 0.05, recurrent_kernel * 0.05

    def step(states: Any, current: Any) -> Any:
        (h, c), (z, kept) = states, current
        i, f, g, o = jnp.split(z + h @ recurrent_kernel, 4, axis=-1)
        after = nn.sigmoid(f) * c + nn.sigmoid(i) * jnp.tanh(g)
        return (jnp.where(kept, nn.sigmoid(o) * jnp.tanh(after), h), jnp.where(kept, after, c)), None

    zeros = jnp.zeros((x.shape[0], recurrent_kernel.shape[0]))
    mask = (jnp.arange(x.shape[1])[:, None] <= lengths)[..., None]
    return lax.scan(step, (zeros, zeros), (jnp.swapaxes(x @ kernel + bias, 0, 1), mask))[0][0]


def _group_norm(x: Any, scale: Any, offset: Any) -> Any:
    parts = jnp.reshape(x, (*x.shape[:3], 8, -1))
    mean, variance = (function(parts, axis=(1, 2, 4), keepdims=True) for function in (jnp.mean, jnp.var))
    return jnp.reshape((parts - mean) * lax.rsqrt(variance + 1e-3), x.shape) * scale + offset


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "matmul": jnp.matmul,
    "batched_matmul": jnp.matmul,
    "dense_relu": lambda x, kernel, bias: nn.relu(x @ kernel + bias),
    "einsum_heads": lambda a, b: jnp.einsum("bqhd,bkhd->bhqk", a, b),
    "relu": nn.relu,
    "gelu": nn.gelu,
    "gelu_exact": lambda x: nn.gelu(x, approximate=False),
    "silu": nn.silu,
    "sigmoid": nn.sigmoid,
    "tanh": jnp.tanh,
    "elu": nn.elu,
    "softplus": nn.softplus,
    "exp": jnp.exp,
    "erf": jax.scipy.special.erf,
    "sin": jnp.sin,
    "square": jnp.square,
    "abs": jnp.abs,
    "clip": lambda x: jnp.clip(x, -1.0, 1.0),
    "leaky_relu": lambda x: nn.leaky_relu(x, 0.2),
    "log": jnp.log,
    "sqrt": jnp.sqrt,
    "rsqrt": lax.rsqrt,
    "power_half": lambda x: jnp.power(x, 0.5),
    "reciprocal": jnp.reciprocal,
    "add": jnp.add,
    "multiply": jnp.multiply,
    "maximum": jnp.maximum,
    "where_greater": lambda a, b: jnp.where(a > 0, a, b),
    "divide": jnp.divide,
    "add_row": jnp.add,
    "multiply_column": jnp.multiply,
    "sum_all": jnp.sum,
    "sum_rows": lambda x: jnp.sum(x, 0),
    "sum_columns": lambda x: jnp.sum(x, 1),
    "mean_last": lambda x: jnp.mean(x, -1),
    "max_last": lambda x: jnp.max(x, -1),
    "var_last": lambda x: jnp.var(x, -1),
    "logsumexp": lambda x: nn.logsumexp(x, -1),
    "cumsum": lambda x: jnp.cumsum(x, -1),
    "argmax": lambda x: jnp.argmax(x, -1),
    "softmax": nn.softmax,
    "log_softmax": nn.log_softmax,
    "sparse_crossentropy": _crossentropy,
    "layer_norm": lambda x, gamma, beta: _normalized(x, -1, 1e-5) * gamma + beta,
    "rms_norm": lambda x, scale: x * lax.rsqrt(jnp.mean(x * x, -1, keepdims=True) + 1e-6) * scale,
    "batch_norm_training": lambda x, scale, offset: _normalized(x, (0, 1, 2), 1e-3) * scale + offset,
    "attention": nn.dot_product_attention,
    "attention_causal": lambda q, k, v: nn.dot_product_attention(q, k, v, is_causal=True),
    "embedding": lambda table, indices: jnp.take(table, indices, axis=0),
    "embedding_repeated": lambda table, indices: jnp.take(table, indices, axis=0),
    "take_along_axis": lambda x, indices: jnp.take_along_axis(x, indices, axis=1),
    "one_hot": lambda indices: nn.one_hot(indices, 256),
    "sort": jnp.sort,
    "argsort": jnp.argsort,
    "top_k": lambda x: lax.top_k(x, 8)[0],
    "transpose": jnp.transpose,
    "swap_heads": lambda x: jnp.transpose(x, (0, 2, 1, 3)),
    "concatenate": lambda a, b: jnp.concatenate([a, b], 1),
    "slice": lambda x: x[:, 100:900],
    "pad": lambda x: jnp.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0))),
    "repeat": lambda x: jnp.repeat(x, 2, axis=1),
    "tile": lambda x: jnp.tile(x, (1, 2)),
    "roll": lambda x: jnp.roll(x, 5, axis=1),
    "flip": lambda x: jnp.flip(x, axis=1),
    "conv3x3": _conv,
    "conv3x3_stride2": lambda x, kernel: _conv(x, kernel, 2, "VALID"),
    "conv1x1": _conv,
    "conv5x5": _conv,
    "conv3x3_image": _conv,
    "conv1d": lambda x, kernel: lax.conv_general_dilated(x, kernel, (1,), "SAME", dimension_numbers=("NWC", "WIO", "NWC")),
    "conv_transpose2": lambda x, kernel: lax.conv_transpose(
        x, kernel, (2, 2), "VALID", dimension_numbers=("NHWC", "HWIO", "NHWC"), transpose_kernel=True
    ),
    "depthwise3x3": lambda x, kernel: _conv(x, jnp.reshape(kernel, (3, 3, 1, 64)), groups=64),
    "max_pool2": lambda x: _pool(x, 2, 2),
    "max_pool3_stride2": lambda x: _pool(x, 3, 2),
    "average_pool2": lambda x: _pool(x, 2, 2, maximum=False),
    "lstm": _lstm,
    "gru": _gru,
    "simple_rnn": _simple_rnn,
    "lstm_masked": _lstm_masked,
    "group_norm": _group_norm,
    "cumprod": lambda x: jnp.cumprod(x, axis=-1),
    "bincount": lambda x: jnp.bincount(x, length=1000),
    "rfft": lambda x: jnp.square(jnp.abs(jnp.fft.rfft(x))),
    "resize_antialias": lambda x: jax.image.resize(x, (8, 32, 32, 16), "bilinear"),
    "resize_bilinear": lambda x: jax.image.resize(x, (8, 64, 64, 16), "bilinear"),
    "resize_nearest": lambda x: jax.image.resize(x, (8, 64, 64, 16), "nearest"),
}


def prepare(row: Any, arrays: list[Any], gradient: bool) -> tuple[Callable[[], None], Callable[[], list[Any]]]:
    """Compile the row; returns what runs it, and what gets its results."""
    operands = [jnp.asarray(array) for array in arrays]
    function, count = FUNCTIONS[row.name], len(row.shapes)
    last: list[Any] = [[]]

    def computed(*operands: Any) -> Any:
        if not gradient:
            return [function(*operands)]
        y, backward = jax.vjp(lambda *floats: function(*floats, *operands[count:]), *operands[:count])
        return [y, *backward(y)]

    compiled = jax.jit(computed)

    def run() -> None:
        last[0] = jax.block_until_ready(compiled(*operands))

    return run, lambda: last[0]


def make_worker() -> OpWorker:
    return OpWorker(f"jax {jax.__version__}", prepare)
