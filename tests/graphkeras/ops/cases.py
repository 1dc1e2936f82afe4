"""Calls of `keras.ops`, as plain data: (function, arguments, keyword arguments, the same in NumPy).

Real Keras ran them as well: see `make_expected.py`.
"""

import math
from typing import Any, NamedTuple

import numpy as np


class Case(NamedTuple):
    name: str
    args: tuple
    kwargs: dict
    reference: Any

    @property
    def label(self):
        return f"{self.name}{len(self.args)}{'-'.join(self.kwargs)}"


def case(name, *args, reference=None, **kwargs):
    return Case(name, args, kwargs, reference or getattr(np, name))


def draw(*shape, low=-2.0, high=2.0, dtype="float32", seed=0):
    numbers = np.random.default_rng([seed, *shape]).uniform(low, high, shape)
    return numbers.astype(dtype)


A, B, ROW, COLUMN = draw(2, 3, 5), draw(2, 3, 5, seed=1), draw(5), draw(3, 1)
POSITIVE = draw(2, 3, low=0.1, high=3.0)
UNIT = draw(2, 3, low=-0.9, high=0.9)
INTEGERS, COUNTS = draw(2, 3, low=-9, high=9, dtype="int32"), draw(2, 3, low=1, high=5, dtype="int32")
FLAGS, OTHERS = draw(2, 3) > 0, draw(2, 3, seed=1) > 0
M, N, S = draw(3, 4), draw(4, 5), draw(4, 4)
ODD = np.array([1.0, np.nan, np.inf, -np.inf, -0.0], np.float32)
LABELS = np.array([[0, 2], [1, 0]], np.int32)

_erf = np.vectorize(math.erf, otypes=[np.float32])


def _softmax(x, axis=-1):
    e = np.exp(x - x.max(axis, keepdims=True))
    return e / e.sum(axis, keepdims=True)


def _sigmoid(x):
    return 1 / (1 + np.exp(-x))


def _batch_normalization(x, mean, variance, axis, offset, scale, epsilon):
    return (x - mean) / np.sqrt(variance + epsilon) * scale + offset


def _layer_normalization(x, gamma, beta, axis, epsilon):
    return (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + epsilon) * gamma + beta


def _slice_update(x, starts, updates):
    x = x.copy()
    x[tuple(slice(s, s + n) for s, n in zip(starts, updates.shape))] = updates
    return x


def _scatter(indices, values, shape):
    result = np.zeros(shape, values.dtype)
    np.add.at(result, indices[:, 0], values)
    return result


CASES = [
    # arithmetic
    case("add", A, B), case("add", A, ROW), case("add", INTEGERS, 1), case("add", INTEGERS, 1.5), case("add", 2, COLUMN),
    case("subtract", A, COLUMN), case("subtract", INTEGERS, COUNTS), case("multiply", A, ROW), case("multiply", FLAGS, OTHERS),
    case("divide", A, B), case("divide", INTEGERS, COUNTS), case("true_divide", 1.0, A),
    case("divide_no_nan", np.float32([1, 2, 0]), np.float32([0, 2, 0]), reference=lambda a, b: np.float32([0, 1, 0])),
    case("power", POSITIVE, 2), case("power", POSITIVE, 0.5), case("power", POSITIVE, POSITIVE),
    case("maximum", A, B), case("maximum", INTEGERS, 0), case("minimum", A, ROW), case("minimum", 0.5, A),
    case("floor_divide", INTEGERS, COUNTS), case("floor_divide", A, 0.7), case("mod", INTEGERS, COUNTS), case("mod", A, 0.7),
    case("logaddexp", A, B), case("logaddexp2", A, B),
    case("bitwise_and", INTEGERS, COUNTS), case("bitwise_or", INTEGERS, COUNTS), case("bitwise_xor", INTEGERS, COUNTS),
    case("bitwise_not", INTEGERS), case("bitwise_invert", INTEGERS, reference=np.invert),
    case("left_shift", INTEGERS, COUNTS), case("right_shift", INTEGERS, COUNTS),
    case("bitwise_left_shift", INTEGERS, COUNTS, reference=np.left_shift),
    case("bitwise_right_shift", INTEGERS, COUNTS, reference=np.right_shift),
    case("clip", A, -1, 1), case("clip", INTEGERS, -3, 3), case("clip", A, ROW, 2.5),
    # comparison and choice
    case("equal", INTEGERS, 1), case("not_equal", INTEGERS, COUNTS), case("greater", A, B), case("greater_equal", A, 0),
    case("less", A, ROW), case("less_equal", INTEGERS, COUNTS),
    case("logical_and", FLAGS, OTHERS), case("logical_or", FLAGS, OTHERS), case("logical_xor", FLAGS, OTHERS),
    case("logical_not", FLAGS), case("logical_and", INTEGERS, FLAGS),
    case("where", FLAGS, POSITIVE, UNIT), case("where", FLAGS, POSITIVE, 0.0), case("where", FLAGS, INTEGERS, 1),
    case("select", [FLAGS, OTHERS], [POSITIVE, UNIT], reference=lambda c, x: np.select(c, x).astype(np.float32)),
    case("isclose", A, A + np.float32(1e-7)), case("allclose", A, B), case("isreal", A),
    case("isin", INTEGERS, np.int32([1, 2, 3])), case("signbit", ODD[2:]),
    # conversion
    case("cast", A, "int32", reference=lambda x, d: x.astype(d)), case("cast", INTEGERS, "bool", reference=lambda x, d: x != 0),
    case("saturate_cast", A * 200, "int8", reference=lambda x, d: np.clip(x, -128, 127).astype(d)),
    case("convert_to_tensor", [[1, 2], [3, 4]], reference=lambda x: np.array(x, np.int32)),
    case("convert_to_tensor", [1.5, 2], reference=lambda x: np.array(x, np.float32)),
    case("stop_gradient", A, reference=lambda x: x),
    case("scatter", np.int32([[0], [2], [0]]), draw(3, 2), (4, 2), reference=_scatter),
    case("segment_sum", draw(3, 2), np.int32([0, 2, 0]), 4, reference=lambda d, i, n: _scatter(i[:, None], d, (n, 2))),
    # creation
    case("zeros", (2, 3)), case("ones", (2, 3), dtype="int32"), case("full", (2,), 7,
         reference=lambda s, n: np.full(s, n, np.float32)),
    case("zeros_like", INTEGERS),
    case("ones_like", A), case("full_like", A, 2.5), case("array", [1.0, 2.0], reference=lambda x: np.float32(x)),
    case("arange", 5, reference=lambda n: np.arange(n, dtype=np.int32)), case("arange", 1.0, 2.0, 0.25),
    case("arange", 7, 1, -2, reference=lambda *a: np.arange(*a, dtype=np.int32)),
    case("linspace", 0, 1, 5), case("linspace", 1.0, 3.0, num=4, endpoint=False), case("logspace", 0.0, 2.0, num=3),
    case("eye", 3), case("eye", 3, 4, 1), case("identity", 3), case("tri", 3, 4, 1),
    case("empty", (2, 3), reference=lambda s: np.zeros(s)), case("empty_like", A, reference=np.zeros_like),
    # functions of one operand
    *(case(name, A) for name in ("negative", "abs", "absolute", "sign", "exp", "exp2", "expm1", "square", "tanh", "sinh",
                                 "cosh", "sin", "cos", "floor", "ceil", "round", "trunc", "deg2rad", "rad2deg", "arcsinh")),
    *(case(name, POSITIVE) for name in ("log", "log1p", "log2", "log10", "sqrt", "reciprocal")),
    case("rsqrt", POSITIVE, reference=lambda x: 1 / np.sqrt(x)), case("tan", UNIT), case("arctanh", UNIT),
    case("arccosh", POSITIVE + 1), case("sqrt", COUNTS), case("exp", INTEGERS), case("round", A, 1),
    case("erf", A, reference=_erf), case("erfc", A, reference=lambda x: 1 - _erf(x)),
    *(case(name, ODD) for name in ("isnan", "isinf", "isfinite", "isposinf", "isneginf")),
    case("isnan", INTEGERS), case("nan_to_num", ODD), case("nan_to_num", ODD, nan=2.0, posinf=3.0, neginf=-4.0),
    case("heaviside", np.float32([-1, 0, 2]), 0.5),
    # parts
    case("take", A, np.int32([2, 0]), axis=1), case("take", A, np.int32([-1, 0]), axis=-1),
    case("take", A, np.int32([[1, 29]])),
    case("take_along_axis", A, LABELS[:, :, None].repeat(5, 2), axis=1),
    case("slice", A, (0, 1, 2), (2, 2, 3), reference=lambda x, s, n: x[0:2, 1:3, 2:5]),
    case("slice_update", A, (0, 1, 2), np.ones((2, 1, 2), np.float32), reference=_slice_update),
    case("get_item", A, (0, slice(None, None, 2)), reference=lambda x, k: x[k]),
    case("get_item", A, (Ellipsis, -1), reference=lambda x, k: x[k]),
    case("get_item", A, (slice(None), None, slice(2, 0, -1)), reference=lambda x, k: x[k]),
    case("tril", S), case("triu", A, 1), case("tril", A, -1), case("diagonal", S), case("diagonal", A, 1, 1, 2),
    case("trace", S), case("diag", S), case("diag", ROW, 1), case("diagflat", ROW, -1),
    # products
    case("matmul", M, N), case("matmul", A, ROW), case("matmul", draw(2, 3, 4), draw(2, 4, 5)), case("matmul", draw(4), N),
    case("matmul", COUNTS, draw(3, 2)), case("dot", M, N), case("dot", A, draw(5, 2)), case("dot", ROW, ROW),
    case("dot", draw(3, 4), draw(2, 4, 5)), case("tensordot", A, draw(3, 5, 2), axes=2),
    case("tensordot", A, draw(5, 2), axes=[[2], [0]]), case("outer", ROW, draw(3)), case("inner", A, ROW),
    case("vdot", ROW, ROW),
    case("einsum", "ij,jk->ik", M, N), case("einsum", "bij,bkj->bik", A, B), case("einsum", "...i,i->...", A, ROW),
    case("einsum", "abc->cab", A), case("einsum", "abc,c,abd->d", A, ROW, draw(2, 3, 4)), case("einsum", "ij->", M),
    case("norm", M, reference=np.linalg.norm), case("norm", A, axis=-1, keepdims=True, reference=np.linalg.norm),
    case("norm", M, ord=1, axis=1, reference=np.linalg.norm), case("norm", M, ord=np.inf, reference=np.linalg.norm),
    case("norm", M, ord=3, axis=0, reference=np.linalg.norm), case("cross", draw(4, 3), draw(4, 3, seed=1)),
    # shapes
    case("reshape", A, (6, 5)), case("reshape", A, (-1, 3)), case("ravel", A), case("transpose", A),
    case("transpose", A, (1, 0, 2)),
    case("moveaxis", A, 0, -1), case("moveaxis", A, [0, 1], [-1, -2]), case("swapaxes", A, 0, 2),
    case("expand_dims", A, 1), case("expand_dims", A, (0, -1)), case("squeeze", A[:1]), case("squeeze", A[:, :1], 1),
    case("broadcast_to", COLUMN, (2, 3, 4)), case("copy", A), case("concatenate", [A, B], 1),
    case("concatenate", [INTEGERS, POSITIVE]),
    case("append", ROW, ROW), case("append", A, B, 2), case("stack", [A, B]), case("stack", [A, B], -1),
    case("hstack", [M, M]), case("vstack", [ROW, ROW]), case("dstack", [M, M]),
    case("split", A, 5, 2), case("split", A, [1, 3], 2), case("array_split", A, 2, 2), case("hsplit", draw(2, 4), 2),
    case("vsplit", draw(4, 2), 2), case("dsplit", draw(2, 2, 4), 2), case("unstack", A, axis=1,
         reference=lambda x, axis: [x[:, k] for k in range(3)]),
    case("tile", M, (2, 1)), case("tile", ROW, (2, 2)), case("repeat", A, 2, 1), case("repeat", M, np.int64([1, 0, 2]), 0),
    case("flip", A), case("flip", A, 1), case("fliplr", M), case("flipud", M), case("roll", A, 2), case("roll", A, -1, 2),
    case("roll", M, (1, 2), (0, 1)), case("rot90", M), case("rot90", M, 2), case("rot90", M, 3),
    case("pad", M, 1), case("pad", M, ((1, 0), (0, 2)), constant_values=3.0), case("pad", M, ((1, 2), (2, 1)), mode="reflect"),
    case("pad", M, 1, mode="symmetric"), case("meshgrid", ROW, draw(3)), case("meshgrid", ROW, draw(3), indexing="ij"),
    # reductions
    *(case(name, A) for name in ("sum", "prod", "mean", "var", "std", "max", "min", "amax", "amin", "ptp", "any", "all")),
    *(case(name, A, axis=1) for name in ("sum", "prod", "mean", "var", "std", "max", "min", "amax", "amin", "ptp")),
    case("argmax", A, axis=1), case("argmin", A, axis=1),
    *(case(name, A, axis=(0, -1), keepdims=True) for name in ("sum", "mean", "max", "all")),
    case("sum", FLAGS), case("mean", INTEGERS), case("max", FLAGS), case("argmax", A), case("argmin", FLAGS),
    case("max", A, initial=5.0), case("count_nonzero", INTEGERS), case("count_nonzero", FLAGS, axis=0),
    case("average", A, axis=2, weights=ROW), case("average", A),
    case("logsumexp", A, axis=1, reference=lambda x, axis: np.log(np.exp(x).sum(axis))),
    # neural networks
    case("relu", A, reference=lambda x: np.maximum(x, 0)), case("relu6", A * 5, reference=lambda x: np.clip(x, 0, 6)),
    case("leaky_relu", A, reference=lambda x: np.where(x > 0, x, np.float32(0.2) * x)),
    case("elu", A, 0.5, reference=lambda x, a: np.where(x > 0, x, np.float32(a) * np.expm1(x))),
    case("celu", A, 0.5, reference=lambda x, a: np.where(x > 0, x, np.float32(a) * np.expm1(x / np.float32(a)))),
    case("selu", A, reference=lambda x: np.float32(1.05070098) * np.where(x > 0, x, np.float32(1.67326324) * np.expm1(x))),
    case("gelu", A, reference=lambda x: 0.5 * x * (1 + np.tanh(np.float32(math.sqrt(2 / math.pi)) * (x + 0.044715 * x**3)))),
    case("gelu", A, approximate=False, reference=lambda x, approximate: x * (1 + _erf(x / np.float32(math.sqrt(2)))) / 2),
    case("sigmoid", A, reference=_sigmoid), case("silu", A, reference=lambda x: x * _sigmoid(x)),
    case("swish", A, reference=lambda x: x * _sigmoid(x)), case("softplus", A, reference=lambda x: np.log1p(np.exp(x))),
    case("log_sigmoid", A, reference=lambda x: np.log(_sigmoid(x))),
    case("softsign", A, reference=lambda x: x / (1 + np.abs(x))),
    case("hard_sigmoid", A * 3, reference=lambda x: np.clip(x / 6 + np.float32(0.5), 0, 1)),
    case("hard_silu", A * 3, reference=lambda x: x * np.clip(x / 6 + np.float32(0.5), 0, 1)),
    case("hard_swish", A * 3, reference=lambda x: x * np.clip(x / 6 + np.float32(0.5), 0, 1)),
    case("softmax", A, reference=_softmax), case("softmax", A, axis=1, reference=_softmax),
    case("softmax", A, axis=(1, 2), reference=lambda x, axis: _softmax(x.reshape(2, 15)).reshape(x.shape)),
    case("log_softmax", A, axis=0, reference=lambda x, axis: np.log(_softmax(x, axis))),
    case("one_hot", LABELS, 3, reference=lambda x, n: np.eye(n, dtype=np.float32)[x]),
    case("one_hot", LABELS, 3, axis=1, dtype="int32",
         reference=lambda x, n, axis, dtype: np.eye(n, dtype=dtype)[x].transpose(0, 2, 1)),
    case("multi_hot", LABELS, 3, reference=lambda x, n: np.eye(n, dtype=np.float32)[x].max(1)),
    case("normalize", A, axis=1, reference=lambda x, axis: x / np.linalg.norm(x, axis=axis, keepdims=True)),
    case("normalize", A, axis=-1, order=1, reference=lambda x, axis, order: x / np.abs(x).sum(axis, keepdims=True)),
    case("moments", A, (0, 1), reference=lambda x, axes: (x.mean(axes), x.var(axes))),
    case("batch_normalization", A, ROW, ROW**2, axis=-1, offset=ROW, scale=ROW, epsilon=1e-3, reference=_batch_normalization),
    case("layer_normalization", A, ROW, ROW, axis=-1, epsilon=1e-3, reference=_layer_normalization),
]  # fmt: skip
