"""`keras.preprocessing.image`."""

from __future__ import annotations

from typing import Any

from ..data.images import array_to_img as array_to_img
from ..data.images import img_to_array as img_to_array
from ..data.images import load_img as load_img
from ..data.images import save_img as save_img
from ..ops.image import resize


def smart_resize(x: Any, size: tuple[int, int], interpolation: str = "bilinear", data_format: str = "channels_last") -> Any:
    """Images in another size, without what does not fit the new shape; cut off around the center."""
    return resize(x, size, interpolation=interpolation, crop_to_aspect_ratio=True, data_format=data_format)
