"""`keras.utils.bounding_boxes`: formats of boxes, how much boxes overlap, and moving them with their images.

All functions work on arrays and on symbols. `box_formats` explains the formats.
"""

from __future__ import annotations

import math
from typing import Any

from .. import config, ops
from .box_formats import columns, convert_format, joined

__all__ = [
    "affine_transform",
    "clip_to_image_size",
    "compute_ciou",
    "compute_iou",
    "convert_format",
    "crop",
    "decode_deltas_to_boxes",
    "encode_box_to_deltas",
    "pad",
]


# ---- overlap ----------------------------------------------------------------------------------------------------------


def compute_iou(
    boxes1: Any,
    boxes2: Any,
    bounding_box_format: str,
    use_masking: bool = False,
    mask_val: float = -1,
    image_shape: Any = None,
) -> Any:
    """The area of the intersection divided by that of the union, for every pair of boxes.

    Args:
        boxes1: (N, 4) or (batch, N, 4).
        boxes2: (M, 4) or (batch, M, 4).
        bounding_box_format: of both.
        use_masking: whether pairs with a box of negative numbers, which stands for no box, give `mask_val`.
        image_shape: (height, width, channels); needed for formats of parts.

    Returns:
        (N, M) or (batch, N, M).

    Raises:
        ValueError: for other numbers of axes, or a missing image shape.
    """
    for name, boxes in (("boxes1", boxes1), ("boxes2", boxes2)):
        if len(ops.shape(boxes)) not in (2, 3):
            raise ValueError(f"compute_iou: {name} must have 2 or 3 axes, got shape {ops.shape(boxes)}.")
    one = ops.expand_dims(_in_pixels(boxes1, bounding_box_format, "yxyx", image_shape, "compute_iou"), -2)
    other = ops.expand_dims(_in_pixels(boxes2, bounding_box_format, "yxyx", image_shape, "compute_iou"), -3)
    common = _area(ops.maximum(one[..., :2], other[..., :2]), ops.minimum(one[..., 2:], other[..., 2:]), least=0.0)
    union = _area(one[..., :2], one[..., 2:]) + _area(other[..., :2], other[..., 2:]) - common
    result = common / (union + config.epsilon())
    if not use_masking:
        return result
    absent = ops.logical_or(ops.less(ops.max(one, axis=-1), 0.0), ops.less(ops.max(other, axis=-1), 0.0))
    return ops.where(absent, ops.cast(mask_val, ops.dtype(result)), result)


def compute_ciou(boxes1: Any, boxes2: Any, bounding_box_format: str, image_shape: Any = None) -> Any:
    """The complete intersection over union of boxes with boxes at the same place (Zheng et al., arXiv:1911.08287).

    It is the intersection over union, less the squared distance of the middles as a part of the squared diagonal of both boxes
    together, less a term for different proportions.

    Args:
        boxes1, boxes2: (..., 4).
        bounding_box_format: of both.
        image_shape: (height, width, channels); needed for formats of parts.

    Returns:
        (...).
    """
    tiny = config.epsilon()
    one = columns(_in_pixels(boxes1, bounding_box_format, "xyxy", image_shape, "compute_ciou"))
    other = columns(_in_pixels(boxes2, bounding_box_format, "xyxy", image_shape, "compute_ciou"))
    (left, top, right, bottom), (left2, top2, right2, bottom2) = one, other
    width, height, width2, height2 = right - left, bottom - top + tiny, right2 - left2, bottom2 - top2 + tiny
    common = ops.maximum(ops.minimum(right, right2) - ops.maximum(left, left2), 0.0) * ops.maximum(
        ops.minimum(bottom, bottom2) - ops.maximum(top, top2), 0.0
    )
    overlap = common / (width * height + width2 * height2 - common + 2 * tiny)
    across = ops.maximum(right, right2) - ops.minimum(left, left2)
    down = ops.maximum(bottom, bottom2) - ops.minimum(top, top2)
    distance = ((left + right - left2 - right2) / 2) ** 2 + ((top + bottom - top2 - bottom2) / 2) ** 2
    proportion = 4 / math.pi**2 * ops.square(ops.arctan(width2 / height2) - ops.arctan(width / height))
    weight = proportion / (proportion - overlap + (1 + tiny))
    result = overlap - (distance / (across**2 + down**2 + tiny) + proportion * weight)
    return ops.squeeze(result, axis=-1)


def _in_pixels(boxes: Any, source: str, target: str, image_shape: Any, name: str) -> Any:
    if "rel" in source and image_shape is None:
        raise ValueError(f"{name}: the format {source!r} needs image_shape, (height, width, channels).")
    height, width = (None, None) if image_shape is None else image_shape[:2]
    return convert_format(boxes, source, target, height, width)


def _area(first: Any, second: Any, least: float | None = None) -> Any:
    """Of rectangles between two corners (..., 2); sides below `least` count as that."""
    sides = second - first
    return ops.prod(sides if least is None else ops.maximum(sides, least), axis=-1)


# ---- boxes relative to anchors ----------------------------------------------------------------------------------------


def encode_box_to_deltas(
    anchors: Any,
    boxes: Any,
    anchor_format: str,
    box_format: str,
    encoding_format: str = "center_yxhw",
    variance: Any = None,
    image_shape: Any = None,
) -> Any:
    """Boxes relative to anchors: the distance of the middles in sizes of the anchor, and the logarithm of the sizes' ratio.

    Args:
        anchors, boxes: (..., 4).
        anchor_format, box_format: their formats.
        encoding_format: "center_xywh" or "center_yxhw": the order of the results.
        variance: four numbers that the results are divided by.
        image_shape: (height, width, channels); needed for formats of parts.

    Raises:
        ValueError: for another encoding format, or not four variances.
    """
    variance = _checked_encoding(encoding_format, variance, "encode_box_to_deltas")
    height, width = (None, None) if image_shape is None else image_shape[:2]
    anchors = convert_format(anchors, anchor_format, encoding_format, height, width)
    boxes = convert_format(boxes, box_format, encoding_format, height, width)
    anchor_sizes, sizes = (ops.maximum(x[..., 2:], config.epsilon()) for x in (anchors, boxes))
    deltas = [(boxes[..., :2] - anchors[..., :2]) / anchor_sizes, ops.log(sizes / anchor_sizes)]
    return ops.concatenate(deltas, axis=-1) if variance is None else ops.concatenate(deltas, axis=-1) / variance


def decode_deltas_to_boxes(
    anchors: Any,
    boxes_delta: Any,
    anchor_format: str,
    box_format: str,
    encoded_format: str = "center_yxhw",
    variance: Any = None,
    image_shape: Any = None,
) -> Any:
    """The boxes that `encode_box_to_deltas` wrote; dicts of anchors and deltas give a dict of boxes.

    Args: as there, with the order of the deltas as `encoded_format`.
    """
    checked = _checked_encoding(encoded_format, variance, "decode_deltas_to_boxes")
    if isinstance(anchors, dict) and isinstance(boxes_delta, dict):
        return {
            level: decode_deltas_to_boxes(
                anchor, boxes_delta[level], anchor_format, box_format, encoded_format, variance, image_shape
            )
            for level, anchor in anchors.items()
        }
    height, width = (None, None) if image_shape is None else image_shape[:2]
    anchors = convert_format(anchors, anchor_format, encoded_format, height, width)
    boxes_delta = ops.convert_to_tensor(boxes_delta)
    deltas = boxes_delta if checked is None else boxes_delta * checked
    middles = deltas[..., :2] * anchors[..., 2:] + anchors[..., :2]
    sizes = ops.exp(deltas[..., 2:]) * anchors[..., 2:]
    return convert_format(ops.concatenate([middles, sizes], axis=-1), encoded_format, box_format, height, width)


def _checked_encoding(encoding: str, variance: Any, name: str) -> Any:
    if encoding not in ("center_xywh", "center_yxhw"):
        raise ValueError(f"{name}: deltas are in the format 'center_xywh' or 'center_yxhw', got {encoding!r}.")
    if variance is None:
        return None
    variance = ops.convert_to_tensor(variance, "float32")
    if ops.shape(variance)[-1:] != (4,):
        raise ValueError(f"{name}: variance must be four numbers, got shape {ops.shape(variance)}.")
    return variance


# ---- boxes and their images -------------------------------------------------------------------------------------------


def clip_to_image_size(
    bounding_boxes: Any, height: Any = None, width: Any = None, bounding_box_format: str = "xyxy"
) -> dict[str, Any]:
    """The parts of boxes that lie inside of the image. Labels of boxes of which nothing is left become -1.

    Args:
        bounding_boxes: a dict of "boxes" (..., 4) and, if there are any, "labels" (...).
        height, width: of the image; needed for "xyxy".
        bounding_box_format: "xyxy" or "rel_xyxy".

    Raises:
        NotImplementedError: for another format.
        ValueError: if a size is missing.
    """
    if bounding_box_format not in ("xyxy", "rel_xyxy"):
        raise NotImplementedError(f"clip_to_image_size: takes 'xyxy' or 'rel_xyxy', got {bounding_box_format!r}.")
    if bounding_box_format == "xyxy" and (height is None or width is None):
        raise ValueError("clip_to_image_size: the format 'xyxy' needs the image's height and width.")
    if bounding_box_format == "rel_xyxy":
        height = width = 1.0
    clipped = _clipped(columns(ops.convert_to_tensor(bounding_boxes["boxes"])), height, width)
    result = {**bounding_boxes, "boxes": joined(clipped)}
    if bounding_boxes.get("labels") is not None:
        left, top, right, bottom = clipped
        is_left = ops.greater(ops.squeeze((right - left) * (bottom - top), axis=-1), 0.0)
        result["labels"] = ops.where(is_left, bounding_boxes["labels"], -1)
    return result


def crop(boxes: Any, top: Any, left: Any, height: Any, width: Any, bounding_box_format: str = "xyxy") -> Any:
    """Boxes in a part of their image, of which `top` and `left` is the corner; clipped to it."""
    return joined(_clipped(columns(_moved(boxes, -left, -top, bounding_box_format, "crop")), height, width))


def pad(boxes: Any, top: Any, left: Any, height: Any = None, width: Any = None, bounding_box_format: str = "xyxy") -> Any:
    """Boxes in their image with margins at the top and at the left. `height` and `width` make no difference."""
    return _moved(boxes, left, top, bounding_box_format, "pad")


def _moved(boxes: Any, right: Any, down: Any, bounding_box_format: str, name: str) -> Any:
    _require_corners(bounding_box_format, name)
    x1, y1, x2, y2 = columns(ops.convert_to_tensor(boxes))
    return joined([x1 + right, y1 + down, x2 + right, y2 + down])


def _clipped(corners: list[Any], height: Any, width: Any) -> list[Any]:
    return [
        ops.minimum(ops.maximum(corner, 0), ops.cast(size, ops.dtype(corner)))
        for corner, size in zip(corners, (width, height, width, height), strict=True)
    ]


def _require_corners(bounding_box_format: str, name: str) -> None:
    if bounding_box_format != "xyxy":
        raise NotImplementedError(f"{name}: takes boxes in the format 'xyxy', got {bounding_box_format!r}. Convert them first.")


def affine_transform(
    boxes: Any,
    angle: Any,
    translate_x: Any,
    translate_y: Any,
    scale: Any,
    shear_x: Any,
    shear_y: Any,
    height: Any,
    width: Any,
    center_x: Any = None,
    center_y: Any = None,
    bounding_box_format: str = "xyxy",
) -> Any:
    """The smallest upright boxes around boxes that are turned, sheared, scaled and moved with their images.

    Args:
        boxes: (batch, N, 4).
        angle, shear_x, shear_y: in degrees, (batch,).
        translate_x, translate_y: as parts of the image, (batch,).
        scale: (batch,).
        height, width: of the images.
        center_x, center_y: the point around which they are turned, as parts of the image; its middle by default.
        bounding_box_format: "xyxy".
    """
    _require_corners(bounding_box_format, "affine_transform")
    degree = math.pi / 180
    turn, shear_right, shear_down = (-ops.convert_to_tensor(x, "float32") * degree for x in (angle, shear_x, shear_y))
    middle_x = (0.5 if center_x is None else center_x) * (width - 1)
    middle_y = (0.5 if center_y is None else center_y) * (height - 1)
    from_x = middle_x - ops.convert_to_tensor(translate_x, "float32") * (width - 1)
    from_y = middle_y - ops.convert_to_tensor(translate_y, "float32") * (height - 1)
    a = ops.cos(turn - shear_down) / ops.cos(shear_down)
    b = a * ops.tan(shear_right) + ops.sin(turn)
    c = -ops.sin(turn - shear_down) / ops.cos(shear_down)
    d = ops.cos(turn) - c * ops.tan(shear_right)
    xx, xy, yx, yy = (ops.reshape(part * scale, (-1, 1, 1)) for part in (d, -b, -c, a))
    from_x, from_y = (ops.reshape(part, (-1, 1, 1)) for part in (from_x, from_y))
    left, top, right, bottom = columns(ops.cast(boxes, "float32"))
    x = ops.concatenate([left, right, right, left], axis=-1) - from_x
    y = ops.concatenate([top, top, bottom, bottom], axis=-1) - from_y
    new = (middle_x + xx * x + xy * y, middle_y + yx * x + yy * y)
    return ops.stack([*(ops.min(part, axis=-1) for part in new), *(ops.max(part, axis=-1) for part in new)], axis=-1)
