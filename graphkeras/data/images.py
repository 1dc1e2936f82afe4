"""Images as arrays and as files, by Pillow."""

from __future__ import annotations

import io
import os
import warnings
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from ..config import floatx, standardize_data_format

try:
    from PIL import Image as _pillow
except ImportError:  # an extra; what needs it says so
    _pillow = None  # type: ignore[assignment]

Array = np.ndarray[Any, Any]

_MODES = {"grayscale": ("L", "I;16", "I"), "rgb": ("RGB",), "rgba": ("RGBA",)}
_RESAMPLING = ("nearest", "bilinear", "bicubic", "hamming", "box", "lanczos")


def pillow(needed_by: str) -> ModuleType:
    """Pillow's module `Image`.

    Raises:
        ImportError: if Pillow is not installed.
    """
    if _pillow is None:
        raise ImportError(f"{needed_by} needs Pillow, which is not installed. Install it: pip install graphkeras[image]")
    return _pillow


def array_to_img(x: Any, data_format: str | None = None, scale: bool = True, dtype: Any = None) -> Any:
    """An array (height, width, channels), or channels first, as a Pillow image.

    Args:
        scale: whether the smallest number becomes 0 and the largest 255; else numbers are taken as they are.

    Raises:
        ImportError: if Pillow is not installed.
        ValueError: for another number of axes than 3, or of channels than 1, 3 and 4.
    """
    image = pillow("array_to_img")
    x = np.asarray(x, dtype=dtype or floatx())
    if x.ndim != 3:
        raise ValueError(f"array_to_img: x must be one image with 3 axes, got shape {x.shape}.")
    if standardize_data_format(data_format) == "channels_first":
        x = x.transpose(1, 2, 0)
    channels = x.shape[2]
    if channels not in (1, 3, 4):
        raise ValueError(f"array_to_img: an image has 1, 3 or 4 channels, got {channels} in shape {x.shape}.")
    if scale:
        x = x - x.min()
        x = x / (x.max() or 1) * 255
    if channels > 1:
        return image.fromarray(np.ascontiguousarray(x.astype("uint8")))
    plane = np.ascontiguousarray(x[:, :, 0])
    return image.fromarray(plane.astype("int32" if plane.max() > 255 else "uint8"))


def img_to_array(img: Any, data_format: str | None = None, dtype: Any = None) -> Array:
    """A Pillow image as an array (height, width, channels), or channels first.

    Raises:
        ValueError: for something that has neither 2 nor 3 axes.
    """
    x = np.asarray(img, dtype=dtype or floatx())
    if x.ndim not in (2, 3):
        raise ValueError(f"img_to_array: an image has 2 or 3 axes, got shape {x.shape}.")
    x = x[:, :, None] if x.ndim == 2 else x
    return x.transpose(2, 0, 1) if standardize_data_format(data_format) == "channels_first" else x


def load_img(
    path: Any,
    color_mode: str = "rgb",
    target_size: tuple[int, int] | None = None,
    interpolation: str = "nearest",
    keep_aspect_ratio: bool = False,
) -> Any:
    """A file as a Pillow image.

    Args:
        path: a path, or an `io.BytesIO` with the bytes of a file.
        color_mode: "grayscale", "rgb" or "rgba".
        target_size: (height, width) to resize to.
        interpolation: "nearest", "bilinear", "bicubic", "hamming", "box" or "lanczos": Pillow's methods.
        keep_aspect_ratio: whether to cut off what does not fit the new shape, around the center, before resizing.

    Raises:
        ImportError: if Pillow is not installed.
        TypeError: for a path of another kind.
        ValueError: for an unknown color mode or interpolation.
    """
    image = pillow("load_img")
    if color_mode not in _MODES:
        raise ValueError(f"load_img: color_mode must be one of {', '.join(map(repr, _MODES))}, got {color_mode!r}.")
    if interpolation not in _RESAMPLING:
        raise ValueError(f"load_img: interpolation must be one of {', '.join(map(repr, _RESAMPLING))}, got {interpolation!r}.")
    if not isinstance(path, (str, bytes, os.PathLike, io.BytesIO)):
        raise TypeError(f"load_img: path must be a path or an io.BytesIO, got {type(path).__name__}.")
    with image.open(path if isinstance(path, io.BytesIO) else os.fsdecode(path)) as opened:
        opened.load()
        allowed = _MODES[color_mode]
        img = opened.copy() if opened.mode in allowed else opened.convert(allowed[0])
    if target_size is None or img.size == (target_size[1], target_size[0]):
        return img
    height, width = target_size
    box = _centered(img.size, width, height) if keep_aspect_ratio else None
    return img.resize((width, height), getattr(image.Resampling, interpolation.upper()), box=box)


def save_img(
    path: Any, x: Any, data_format: str | None = None, file_format: str | None = None, scale: bool = True, **kwargs: Any
) -> None:
    """An array (height, width, channels), or channels first, as a file.

    Args:
        path: a path or an open file.
        file_format: such as "png"; by default the path's suffix says it.
        scale: as in `array_to_img`.
        **kwargs: for Pillow's `Image.save`.

    Raises:
        ImportError: if Pillow is not installed.
    """
    if file_format is None and isinstance(path, (str, os.PathLike)):
        file_format = Path(path).suffix[1:]
    file_format = {"jpg": "jpeg"}.get((file_format or "").lower(), (file_format or "").lower()) or None
    img = array_to_img(x, data_format=data_format, scale=scale)
    if img.mode == "RGBA" and file_format == "jpeg":
        warnings.warn("JPEG files have no transparency: the image is saved without it.", stacklevel=2)
        img = img.convert("RGB")
    img.save(path, format=file_format, **kwargs)


def _centered(size: tuple[int, int], new_width: int, new_height: int) -> tuple[int, int, int, int]:
    """The largest box of the new shape, around the center: left, upper, right, lower."""
    width, height = size
    tall = min(height, width * new_height // new_width)
    wide = min(width, height * new_width // new_height)
    left, upper = (width - wide) // 2, (height - tall) // 2
    return left, upper, left + wide, upper + tall
