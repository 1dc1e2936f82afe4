"""What kernel_size, strides, dilation_rate and padding say about windows: for convolutions, plain and recurrent."""

from __future__ import annotations

from typing import Any

from ... import config
from ...ops.convolution import per_axis
from ..input_spec import title

Sizes = tuple[int, ...]


def set_windows(layer: Any, rank: int, paddings: tuple[str, ...] = ("valid", "same")) -> None:
    """Replace kernel_size, strides, dilation_rate, padding and data_format of a layer by what they mean.

    Raises:
        ValueError: for numbers that do not fit the rank, another padding, or strides together with dilation_rate.
    """
    for name in ("kernel_size", "strides", "dilation_rate"):
        setattr(layer, name, per_axis(title(layer), name, getattr(layer, name), rank))
    given = layer.padding
    layer.padding = given.lower() if isinstance(given, str) else given
    if layer.padding not in paddings:
        raise ValueError(f"{title(layer)}: padding must be one of {', '.join(paddings)}; got {given!r}.")
    layer.data_format = config.standardize_data_format(layer.data_format)
    if max(layer.strides) > 1 and max(layer.dilation_rate) > 1:
        raise ValueError(
            f"{title(layer)}: strides {layer.strides} and dilation_rate {layer.dilation_rate} cannot both be above 1; "
            f"leave one of them 1."
        )


def window_reach(layer: Any, axis: int) -> int:
    """How many elements a window spans."""
    return int((layer.kernel_size[axis] - 1) * layer.dilation_rate[axis] + 1)


def window_count(layer: Any, axis: int, n: int) -> int:
    """How many windows there are along an axis of n elements."""
    missing = window_reach(layer, axis) if layer.padding == "valid" else 1
    return int((n - missing) // layer.strides[axis] + 1)
