"""The data that `adapt` of a layer learns from."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

import numpy as np

from ..input_spec import title


def batches_of(data: Any, steps: int | None, layer: Any) -> Iterator[np.ndarray[Any, Any]]:
    """The batches of an array or list (as one batch; each element of one axis is a sample), or of anything that yields arrays.

    Args:
        data: what `adapt` got.
        steps: how many batches to take; None for all.

    Raises:
        TypeError: if it is no data, or yields (x, y).
    """
    if isinstance(data, (list, tuple)) or hasattr(data, "__array__"):
        array = np.asarray(data)
        yield array[:, None] if array.ndim == 1 else array
        return
    if isinstance(data, (str, bytes, dict)) or not hasattr(data, "__iter__"):
        raise TypeError(f"{title(layer)}: adapt takes an array, a list, or something that yields arrays; got {data!r}.")
    for batch in islice(data, steps):
        if isinstance(batch, dict) or (isinstance(batch, tuple) and any(hasattr(part, "shape") for part in batch)):
            raise TypeError(
                f"{title(layer)}: adapt takes the inputs alone, got batches of {type(batch).__name__}s. Leave labels out: "
                "data_set.map(lambda x, y: x)."
            )
        yield np.asarray(batch)
