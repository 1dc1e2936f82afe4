"""`MaxNumBoundingBoxes`: the same number of bounding boxes for every image."""

from __future__ import annotations

from typing import Any

from ... import ops
from ..input_spec import title
from .image_layer import ImageLayer


class MaxNumBoundingBoxes(ImageLayer):
    """Called on a dict with "bounding_boxes": cuts off boxes beyond `max_number`, or adds some of `fill_value`.

    "bounding_boxes" is a dict of "boxes" (batch, N, 4) and "labels" (batch, N). Other items of the dict stay as they are.

    Args:
        max_number: how many boxes each image gets.
        fill_value: the number in added boxes and labels.
        bounding_box_format: what the numbers mean; it makes no difference.
    """

    def __init__(self, max_number: int, fill_value: int = -1, bounding_box_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.max_number, self.fill_value = int(max_number), int(fill_value)
        self.bounding_box_format = bounding_box_format
        if self.max_number < 1:
            raise ValueError(f"{title(self)}: max_number must be at least 1, got {max_number!r}.")

    def call(self, data: Any, training: bool = True) -> Any:
        if not isinstance(data, dict):
            return data
        if "bounding_boxes" not in data:
            return data
        boxes, labels = (ops.convert_to_tensor(data["bounding_boxes"][key]) for key in ("boxes", "labels"))
        given = ops.shape(boxes)[1]
        if len(ops.shape(boxes)) != 3 or not isinstance(given, int):
            raise ValueError(f"{title(self)}: boxes must have shape (batch, number, 4), got {ops.shape(boxes)}.")
        added = max(self.max_number - given, 0)
        boxes = ops.pad(boxes[:, : self.max_number], ((0, 0), (0, added), (0, 0)), constant_values=self.fill_value)
        labels = ops.pad(labels[:, : self.max_number], ((0, 0), (0, added)), constant_values=self.fill_value)
        return {**data, "bounding_boxes": {**data["bounding_boxes"], "boxes": boxes, "labels": labels}}

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        if self.bounding_box_format is None:
            del config["bounding_box_format"]  # written only if it was given
        return config
