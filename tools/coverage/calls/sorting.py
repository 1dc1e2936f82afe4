"""Calls: order, running sums, scattering and counting."""

import numpy as np

from .call import COUNTS, FLAGS, INTEGERS, LABELS, ODD, ROW, A, Call, M, call, draw

TIES = np.array([[3, 1, 2, 1, 3, 0], [2, 2, 2, 0, 1, 1]], np.int32)
HOLES = np.array([[1.0, np.nan, 3.0, 2.0], [4.0, 1.5, 2.5, 3.5]], np.float32)
LONG = np.sort(draw(40, seed=3))
PAIRS = np.array([[0, 1], [2, 0], [0, 1], [-1, 2]], np.int32)
IDS = np.array([0, 2, 0, 4, 2], np.int32)

FIRST, SECOND = np.int32([0, 1]), np.int32([[1], [2], [-1]])

CALLS: list[Call] = [
    call("sort", A), call("sort", A, axis=0), call("sort", A, axis=None), call("sort", TIES), call("sort", ODD[:4]),
    call("sort", FLAGS), call("sort", A.astype("float16"), axis=1),
    call("argsort", A), call("argsort", A, axis=1), call("argsort", A, axis=None), call("argsort", TIES),
    call("argsort", ODD[:4]), call("argsort", TIES.astype("uint8"), axis=0),
    call("top_k", A, 2), call("top_k", TIES, 4), call("top_k", ODD[:4], 3), call("top_k", A, 5, sorted=False),
    call("top_k", ROW, 0),
    call("in_top_k", LABELS[0], draw(2, 3), 1), call("in_top_k", LABELS, draw(2, 2, 4), 2),
    call("in_top_k", np.int32([0, 1, 3, 7]), HOLES[[0, 0, 1, 1]], 2),
    call("in_top_k", np.int32([1]), np.zeros((1, 4), "float32"), 1),
    call("argpartition", A, 2, values=False), call("argpartition", A, 1, axis=0, values=False),
    call("argpartition", A, 3, axis=None, values=False),
    *(call("searchsorted", sequence, values, side=side) for side in ("left", "right") for sequence, values in (
        (np.float32([-1, 0, 0, 2]), A), (LONG, A), (LONG, LONG), (np.float32([1, 2, np.nan]), ODD),
        (np.int32([1, 3, 3, 9]), TIES),
        (np.arange(20, dtype="int32"), 2.5))),
    call("digitize", A, np.float32([-1, 0, 1])), call("digitize", A, np.float32([1, 0, -1])),
    call("digitize", TIES, np.int32([0, 1, 3])), call("digitize", TIES, np.int32([3, 1, 0])), call("digitize", A, LONG),
    call("median", A), call("median", A, axis=1), call("median", A, axis=(0, 2), keepdims=True), call("median", HOLES, axis=1),
    call("median", INTEGERS), call("median", M, axis=0), call("median", FLAGS), call("median", A.astype("float16"), axis=-1),
    call("quantile", A, 0.3), call("quantile", A, 0.5, axis=1), call("quantile", HOLES, 0.25, axis=-1),
    call("quantile", A, np.float32([0.1, 0.5, 0.97]), axis=(0, 2)), call("quantile", A, [0.0, 0.7], axis=2, keepdims=True),
    *(call("quantile", A, 0.35, axis=2, method=method) for method in ("linear", "lower", "higher", "midpoint", "nearest")),
    *(call("quantile", M, np.float32([0.55, 0.2]), axis=0, method=method)
      for method in ("lower", "higher", "midpoint", "nearest")),
    call("quantile", INTEGERS, 0.4),
    call("percentile", A, 30), call("percentile", A, np.float32([10, 40]), axis=1), call("percentile", A, 75.0, axis=2,
         method="nearest", keepdims=True),
    *(call("nanquantile", HOLES, q, axis=axis, method=method) for q in (0.3, np.float32([0.2, 0.95])) for axis in (0, 1)
      for method in ("linear", "lower", "higher", "midpoint", "nearest")),
    call("nanquantile", HOLES, 0.4), call("nanmedian", HOLES), call("nanmedian", HOLES, axis=1, keepdims=True),
    call("nanpercentile", HOLES, 30.0, axis=1), call("nanmedian", INTEGERS),
    call("nancumsum", HOLES), call("nancumsum", HOLES, axis=1), call("nancumprod", HOLES, axis=1),
    call("nancumprod", COUNTS, axis=0),
    call("cumsum", A), call("cumsum", A, axis=1), call("cumsum", FLAGS, axis=0), call("cumsum", TIES.astype("int8"), axis=-1),
    call("cumsum", INTEGERS, axis=1, dtype="float32"), call("cumsum", draw(2, 70), axis=1),
    call("cumprod", A), call("cumprod", A, axis=1), call("cumprod", FLAGS, axis=0), call("cumprod", COUNTS, axis=-1),
    call("cumprod", COUNTS, axis=1, dtype="float32"), call("cumprod", draw(2, 70, low=0.8, high=1.2), axis=1),
    call("take_along_axis", A, np.int32([[[0, -1]]]), axis=2), call("take_along_axis", A, np.int32([3, 29, -1])),
    call("take_along_axis", INTEGERS, np.int32([[1], [0]]), axis=1),
    call("nonzero", FLAGS, eager=True), call("nonzero", INTEGERS, eager=True), call("where", FLAGS, eager=True),
    call("unique", TIES, eager=True), call("unique", TIES, axis=1, eager=True), call("unique", TIES, size=2, eager=True),
    call("unique", TIES, return_index=True, return_inverse=True, return_counts=True, eager=True),
    call("unique", TIES, return_index=True, return_counts=True, size=6, fill_value=9, eager=True),
    call("unique", np.int32([[1, 2], [0, 1], [1, 2]]), axis=0, return_inverse=True, eager=True),
    call("scatter", np.int32([[0], [2], [0]]), draw(3, 2), (4, 2)), call("scatter", PAIRS, draw(4), (3, 4)),
    call("scatter", PAIRS, draw(4, 2), (3, 4, 2)), call("scatter", PAIRS[None], draw(1, 4), (3, 3)),
    call("scatter", PAIRS, np.int32([1, 2, 3, 4]), (3, 3)),
    *(call("scatter_update", draw(3, 3), PAIRS, draw(4, seed=1), reduction=reduction)
      for reduction in ("add", "max", "min", "mul")),
    call("scatter_update", draw(3, 3), PAIRS[1:], draw(3, seed=1)),
    call("scatter_update", draw(4, 3), PAIRS[1:3, :1], draw(2, 3)),
    call("scatter_update", TIES, np.int32([[1, 0], [0, 5]]), np.int32([7, 8])),
    call("scatter_update", draw(4, 3), np.int32([[1], [2]]), 5.0),
    *(call(f"segment_{name}", draw(5, 2), IDS, 5) for name in ("sum", "max", "min", "prod")),
    *(call(f"segment_{name}", draw(5), IDS, num_segments=3) for name in ("sum", "max", "min", "prod")),
    *(call(f"segment_{name}", np.arange(5, dtype="int32"), np.int32([0, -1, 1, 1, 3]), 4)
      for name in ("sum", "max", "min", "prod")),
    call("bincount", TIES[0], eager=True), call("bincount", TIES[0], minlength=9), call("bincount", TIES, minlength=4),
    call("bincount", TIES[0], weights=draw(6), minlength=5), call("bincount", TIES, weights=draw(2, 6), minlength=6),
    call("histogram", draw(50)), call("histogram", draw(50), bins=4, range=(-1.0, 1.5)),
    call("histogram", np.ones(5, "int32"), 3),
    call("histogram", TIES[0], 4), call("histogram", draw(50), bins=20),
    call("isin", draw(3, 4), LONG), call("isin", LONG[5:9], LONG),
    call("isin", TIES, np.arange(3, 60, dtype="int32"), invert=True),
    call("isin", ODD, ODD), call("isin", FLAGS, FLAGS[:1]),
    *(call("get_item", draw(2, 3, 4, 5), key, known=known) for known in ((), (1,)) for key in (
        (0, slice(None), FIRST), (slice(None), FIRST, SECOND), (FIRST, slice(None), FIRST), (slice(None), 0, FIRST),
        (FIRST, None, FIRST), (None, FIRST, FIRST), (slice(None), FIRST, None), (0, slice(None), None, FIRST), (FIRST, 0),
        (slice(None), FIRST, slice(None, None, -2), 0), (FIRST, SECOND, FIRST, -FIRST), (Ellipsis, SECOND, FIRST), FIRST)),
    *(call("get_item", draw(2, 3, 4), key, known=(1,)) for key in (
        draw(2, 3) > 0, draw(2, 3, 4) > 0, (slice(None), np.array([True, False, True])), (Ellipsis, draw(4) > 0, None),
        (0, np.array([True, True, False]), FIRST), [1, 0, 1])),
    call("unravel_index", np.int32([[0, 5], [11, 7]]), (3, 4)), call("unravel_index", np.int32([23, 4]), (2, 3, 4)),
]  # fmt: skip
