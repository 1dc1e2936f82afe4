"""The rows of the benchmark of operations in PyTorch, eager. Images are laid out as torch likes them: channels first."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import torch  # type: ignore[import-not-found,unused-ignore]
import torch.nn.functional as F  # type: ignore[import-not-found,unused-ignore]
from op_worker import OpWorker  # type: ignore[import-not-found,unused-ignore]


def _attention(q: Any, k: Any, v: Any, causal: bool = False) -> Any:
    q, k, v = (x.transpose(1, 2) for x in (q, k, v))
    return F.scaled_dot_product_attention(q, k, v, is_causal=causal).transpose(1, 2)


def _lstm(x: Any, kernel: Any, recurrent_kernel: Any, bias: Any) -> Any:
    kernel, recurrent_kernel = kernel * 0.05, recurrent_kernel * 0.05  # larger ones make chaos
    zeros = torch.zeros((1, x.shape[0], recurrent_kernel.shape[0]))
    weights = [kernel.T, recurrent_kernel.T, bias, torch.zeros_like(bias)]
    return torch.lstm(x, (zeros, zeros), weights, True, 1, 0.0, True, False, True)[0]


def _gru(x: Any, kernel: Any, recurrent_kernel: Any, bias: Any) -> Any:
    units = recurrent_kernel.shape[0]
    z, r, n = (slice(k * units, (k + 1) * units) for k in range(3))
    ordered = [torch.cat([one[..., part] for part in (r, z, n)], -1) for one in (kernel * 0.05, recurrent_kernel * 0.05, bias)]
    weights = [ordered[0].T, ordered[1].T, ordered[2][0], ordered[2][1]]
    return torch.gru(x, torch.zeros((1, x.shape[0], units)), weights, True, 1, 0.0, True, False, True)[0]


def _simple_rnn(x: Any, kernel: Any, recurrent_kernel: Any, bias: Any) -> Any:
    weights = [(kernel * 0.05).T, (recurrent_kernel * 0.05).T, bias, torch.zeros_like(bias)]
    zeros = torch.zeros((1, x.shape[0], recurrent_kernel.shape[0]))
    return torch.rnn_tanh(x, zeros, weights, True, 1, 0.0, True, False, True)[0]


def _lstm_masked(x: Any, kernel: Any, recurrent_kernel: Any, bias: Any, lengths: Any) -> Any:
    zeros = torch.zeros((1, x.shape[0], recurrent_kernel.shape[0]))
    packed = torch.nn.utils.rnn.pack_padded_sequence(x, lengths + 1, batch_first=True, enforce_sorted=False)
    order = packed.sorted_indices
    weights = [(kernel * 0.05).T, (recurrent_kernel * 0.05).T, bias, torch.zeros_like(bias)]
    last = torch.lstm(packed.data, packed.batch_sizes, (zeros, zeros), weights, True, 1, 0.0, True, False)[1][0]
    return last[torch.argsort(order)]


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "matmul": torch.matmul,
    "batched_matmul": torch.matmul,
    "dense_relu": lambda x, kernel, bias: torch.relu(torch.addmm(bias, x, kernel)),
    "einsum_heads": lambda a, b: torch.einsum("bqhd,bkhd->bhqk", a, b),
    "relu": torch.relu,
    "gelu": lambda x: F.gelu(x, approximate="tanh"),
    "gelu_exact": F.gelu,
    "silu": F.silu,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "elu": F.elu,
    "softplus": F.softplus,
    "exp": torch.exp,
    "erf": torch.erf,
    "sin": torch.sin,
    "square": torch.square,
    "abs": torch.abs,
    "clip": lambda x: torch.clamp(x, -1.0, 1.0),
    "leaky_relu": lambda x: F.leaky_relu(x, 0.2),
    "log": torch.log,
    "sqrt": torch.sqrt,
    "rsqrt": torch.rsqrt,
    "power_half": lambda x: torch.pow(x, 0.5),
    "reciprocal": torch.reciprocal,
    "add": torch.add,
    "multiply": torch.mul,
    "maximum": torch.maximum,
    "where_greater": lambda a, b: torch.where(a > 0, a, b),
    "divide": torch.div,
    "add_row": torch.add,
    "multiply_column": torch.mul,
    "sum_all": torch.sum,
    "sum_rows": lambda x: torch.sum(x, 0),
    "sum_columns": lambda x: torch.sum(x, 1),
    "mean_last": lambda x: torch.mean(x, -1),
    "max_last": lambda x: torch.amax(x, -1),
    "var_last": lambda x: torch.var(x, -1, correction=0),
    "logsumexp": lambda x: torch.logsumexp(x, -1),
    "cumsum": lambda x: torch.cumsum(x, -1),
    "argmax": lambda x: torch.argmax(x, -1),
    "softmax": lambda x: torch.softmax(x, -1),
    "log_softmax": lambda x: torch.log_softmax(x, -1),
    "sparse_crossentropy": lambda x, labels: F.cross_entropy(x, labels, reduction="none"),
    "layer_norm": lambda x, gamma, beta: F.layer_norm(x, x.shape[-1:], gamma, beta, 1e-5),
    "rms_norm": lambda x, scale: F.rms_norm(x, x.shape[-1:], scale, 1e-6),
    "batch_norm_training": lambda x, scale, offset: F.batch_norm(x, None, None, scale, offset, True, eps=1e-3),
    "attention": _attention,
    "attention_causal": lambda q, k, v: _attention(q, k, v, causal=True),
    "embedding": lambda table, indices: F.embedding(indices, table),
    "embedding_repeated": lambda table, indices: F.embedding(indices, table),
    "take_along_axis": lambda x, indices: torch.take_along_dim(x, indices, 1),
    "one_hot": lambda indices: F.one_hot(indices, 256).to(torch.float32),
    "sort": lambda x: torch.sort(x, -1)[0],
    "argsort": lambda x: torch.argsort(x, -1),
    "top_k": lambda x: torch.topk(x, 8)[0],
    "transpose": lambda x: x.T.contiguous(),
    "swap_heads": lambda x: x.transpose(1, 2).contiguous(),
    "concatenate": lambda a, b: torch.cat([a, b], 1),
    "slice": lambda x: x[:, 100:900].contiguous(),
    "pad": lambda x: F.pad(x, (1, 1, 1, 1)),
    "repeat": lambda x: torch.repeat_interleave(x, 2, 1),
    "tile": lambda x: torch.tile(x, (1, 2)),
    "roll": lambda x: torch.roll(x, 5, 1),
    "flip": lambda x: torch.flip(x, (1,)),
    "conv3x3": lambda x, kernel: F.conv2d(x, kernel, padding=1),
    "conv3x3_stride2": lambda x, kernel: F.conv2d(x, kernel, stride=2),
    "conv1x1": F.conv2d,
    "conv5x5": lambda x, kernel: F.conv2d(x, kernel, padding=2),
    "conv3x3_image": lambda x, kernel: F.conv2d(x, kernel, padding=1),
    "conv1d": lambda x, kernel: F.conv1d(x, kernel, padding=1),
    "conv_transpose2": lambda x, kernel: F.conv_transpose2d(x, kernel, stride=2),
    "depthwise3x3": lambda x, kernel: F.conv2d(x, kernel, padding=1, groups=64),
    "max_pool2": lambda x: F.max_pool2d(x, 2),
    "max_pool3_stride2": lambda x: F.max_pool2d(x, 3, 2),
    "average_pool2": lambda x: F.avg_pool2d(x, 2),
    "lstm": _lstm,
    "gru": _gru,
    "simple_rnn": _simple_rnn,
    "lstm_masked": _lstm_masked,
    "group_norm": lambda x, scale, offset: F.group_norm(x, 8, scale, offset, 1e-3),
    "cumprod": lambda x: torch.cumprod(x, -1),
    "bincount": lambda x: torch.bincount(x, minlength=1000),
    "rfft": lambda x: torch.square(torch.abs(torch.fft.rfft(x))),
    "resize_antialias": lambda x: F.interpolate(x, (32, 32), mode="bilinear", antialias=True),
    "resize_bilinear": lambda x: F.interpolate(x, (64, 64), mode="bilinear"),
    "resize_nearest": lambda x: F.interpolate(x, (64, 64), mode="nearest"),
}
#: Rows whose operands of four axes are images (channels move to axis 1) or kernels (outputs first).
CHANNELS_FIRST = ("pad", "batch_norm_training", "group_norm")


def _laid_out(row: Any, position: int, array: Any) -> Any:
    tensor = torch.from_numpy(array)
    if array.dtype.kind == "i":
        return tensor.long()
    if (row.family in ("convolution", "image") or row.name in CHANNELS_FIRST) and tensor.ndim == 4:
        order = (0, 3, 1, 2) if position == 0 else (2, 3, 0, 1) if row.name == "depthwise3x3" else (3, 2, 0, 1)
        tensor = tensor.permute(*order).contiguous()
    if row.name == "conv1d":
        tensor = tensor.permute(*((0, 2, 1) if position == 0 else (2, 1, 0))).contiguous()
    return tensor.requires_grad_(row.gradient)


def prepare(row: Any, arrays: list[Any], gradient: bool) -> tuple[Callable[[], None], Callable[[], list[Any]]]:
    """What runs the row, and what gets its results."""
    torch.set_num_threads(int(os.environ.get("BENCH_THREADS", "0")) or torch.get_num_threads())
    operands = [_laid_out(row, position, array) for position, array in enumerate(arrays)]
    function = FUNCTIONS[row.name]
    last: list[Any] = []

    def forward() -> None:
        with torch.inference_mode():
            last[:] = [function(*operands)]

    def with_gradients() -> None:
        y = function(*operands)
        last[:] = [y, *torch.autograd.grad(y, operands[: len(row.shapes)], y.detach())]

    return with_gradients if gradient else forward, lambda: [result.detach().numpy() for result in last]


def make_worker() -> OpWorker:
    return OpWorker(f"torch {torch.__version__}", prepare)
