"""Calls: reductions that leave NaN out."""

import numpy as np

from .call import INTEGERS, A, Call, call, draw

HOLES = np.where(draw(2, 3, 5, seed=3) > 1.0, np.float32(np.nan), draw(2, 3, 5))
EMPTY = HOLES.copy()
EMPTY[0, 1] = np.nan
REDUCTIONS = ("nansum", "nanprod", "nanmean", "nanvar", "nanstd", "nanmax", "nanmin", "nanmedian")
METHODS = ("linear", "lower", "higher", "midpoint", "nearest")
PLACES = ("nanargmax", "nanargmin")

CALLS: list[Call] = [
    *(call(name, x, **options) for name in REDUCTIONS for x, options in (
        (HOLES, {}), (EMPTY, {"axis": 2}), (HOLES, {"axis": (0, -1), "keepdims": True}), (A, {"axis": 1}),
        (INTEGERS, {"axis": 0}),
    )),
    *(call(name, x, **options) for name in PLACES for x, options in (
        (HOLES, {}), (EMPTY, {"axis": 2}), (HOLES, {"axis": 0, "keepdims": True}), (INTEGERS, {"axis": 1}),
    )),
    *(call(name, HOLES.astype("float16"), axis=1) for name in REDUCTIONS[:5]),
    *(call(name, x, **options) for name in ("nancumsum", "nancumprod") for x, options in (
        (HOLES, {}), (HOLES, {"axis": 1}), (INTEGERS, {"axis": -1}),
    )),
    *(call("nanquantile", EMPTY, 0.3, axis=2, method=method) for method in METHODS),
    call("nanquantile", HOLES, np.float32([0, 0.25, 1]), axis=(0, 1)), call("nanquantile", A, 0.6, keepdims=True),
    call("nanquantile", HOLES, np.float32([0.1, 0.9]), axis=1, keepdims=True), call("nanpercentile", HOLES, 40.0),
    call("nanpercentile", EMPTY, np.float32([10, 60]), axis=-1), call("nanmedian", HOLES, axis=(0, 2)),
]  # fmt: skip
