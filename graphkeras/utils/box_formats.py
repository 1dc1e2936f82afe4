"""How bounding boxes are written: the formats of Keras, and `convert_format` between them.

A format names its four numbers: ``xyxy`` (left, top, right, bottom), ``yxyx`` (top, left, bottom, right), ``xywh`` (left, top,
width, height), ``center_xywh`` and ``center_yxhw`` (the middle, then the size). With ``rel_`` in front they are parts of the
image's width and height, else pixels.
"""

from __future__ import annotations

from typing import Any

from .. import ops

FORMATS = (
    "xyxy",
    "yxyx",
    "xywh",
    "center_xywh",
    "center_yxhw",
    "rel_xyxy",
    "rel_yxyx",
    "rel_xywh",
    "rel_center_xywh",
)


def convert_format(boxes: Any, source: str, target: str, height: Any = None, width: Any = None, dtype: str = "float32") -> Any:
    """Boxes (..., 4) of one format in another; or a dict with them under "boxes".

    Args:
        source, target: names of formats.
        height, width: of the image; needed between pixels and parts.
        dtype: of the result.

    Raises:
        ValueError: for an unknown format, boxes without four numbers, or a missing size.
    """
    if isinstance(boxes, dict):
        return {**boxes, "boxes": convert_format(boxes["boxes"], source, target, height, width, dtype)}
    source, target = source.lower(), target.lower()
    for name in (source, target):
        if name not in FORMATS:
            raise ValueError(f"convert_format: unknown format {name!r}; known are {', '.join(FORMATS)}.")
    boxes = ops.convert_to_tensor(boxes)
    if ops.shape(boxes)[-1] != 4:
        raise ValueError(f"convert_format: boxes must have a last axis of size 4, got shape {ops.shape(boxes)}.")
    is_part, becomes_part = source.startswith("rel_"), target.startswith("rel_")
    if (is_part or becomes_part) and (height is None or width is None):
        raise ValueError(f"convert_format: from {source!r} to {target!r} it needs the image's height and width.")
    boxes = ops.cast(boxes, dtype)
    if source == target:
        return boxes
    corners = _corners(columns(boxes), source.removeprefix("rel_"))
    if is_part != becomes_part:
        sizes = [ops.cast(size, dtype) for size in (width, height, width, height)]
        corners = [corner * size if is_part else corner / size for corner, size in zip(corners, sizes, strict=True)]
    return joined(_written(corners, target.removeprefix("rel_")))


def columns(boxes: Any) -> list[Any]:
    """The four numbers of boxes, each (..., 1)."""
    return list(ops.split(boxes, 4, axis=-1))


def joined(parts: list[Any]) -> Any:
    """Boxes of their four numbers."""
    return ops.concatenate(parts, axis=-1)


def _corners(numbers: list[Any], layout: str) -> list[Any]:
    """Left, top, right, bottom."""
    a, b, c, d = numbers
    if layout == "xyxy":
        return [a, b, c, d]
    if layout == "yxyx":
        return [b, a, d, c]
    if layout == "xywh":
        return [a, b, a + c, b + d]
    x, y, width, height = (b, a, d, c) if layout == "center_yxhw" else (a, b, c, d)
    return [x - width / 2.0, y - height / 2.0, x + width / 2.0, y + height / 2.0]


def _written(corners: list[Any], layout: str) -> list[Any]:
    """The four numbers of a layout."""
    left, top, right, bottom = corners
    width, height = right - left, bottom - top
    if layout == "xyxy":
        return [left, top, right, bottom]
    if layout == "yxyx":
        return [top, left, bottom, right]
    if layout == "xywh":
        return [left, top, width, height]
    x, y = left + width / 2.0, top + height / 2.0
    return [y, x, height, width] if layout == "center_yxhw" else [x, y, width, height]
