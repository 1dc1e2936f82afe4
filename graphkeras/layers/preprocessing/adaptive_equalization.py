"""Contrast-limited adaptive histogram equalization (CLAHE; Zuiderveld, Graphics Gems IV, 1994)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ... import ops
from .image_layer import ImageLayer

TONES = 256


class ContrastLimitedAdaptiveHistogramEqualization(ImageLayer):
    """Tones spread as `Equalization` does, but for each part of an image by itself, and with limited contrast.

    The image is cut into tiles. Each tile maps tones to new ones; a pixel gets the mean of what the four nearest tiles say,
    weighted by how near their middles are. Training makes no difference.

    Args:
        value_range: the smallest and the largest value of a pixel.
        clip_limit: counts of a histogram above this many times the mean are spread over all tones; 0 for no limit.
        tile_grid_size: how many tiles (along the height, along the width).
    """

    def __init__(
        self,
        value_range: Sequence[float] = (0, 255),
        clip_limit: float = 4.0,
        tile_grid_size: Sequence[int] = (8, 8),
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format=data_format, **kwargs)
        self.value_range, self.clip_limit, self.tile_grid_size = value_range, clip_limit, tile_grid_size

    def transformed(self, images: Any, training: bool) -> Any:
        dtype = ops.dtype(images)
        scaled = self.rescaled(ops.cast(images, "float32"), self.value_range, (0, 255))
        batch = scaled if len(ops.shape(images)) == 4 else ops.expand_dims(scaled, 0)
        planes = batch if self.data_format == "channels_first" else ops.transpose(batch, (0, 3, 1, 2))
        new = self._equalized(planes)
        new = new if self.data_format == "channels_first" else ops.transpose(new, (0, 2, 3, 1))
        return ops.cast(self.rescaled(ops.reshape(new, ops.shape(images)), (0, 255), self.value_range), dtype)

    def _equalized(self, planes: Any) -> Any:
        """Of images (batch, channels, height, width) in the range of 0 to 255."""
        height, width = self._sizes(planes)
        batch, channels = ops.shape(planes)[:2]
        rows, columns = self.tile_grid_size
        tall, wide = -(-height // rows), -(-width // columns)
        margins = ((0, 0), (0, 0), (0, tall * rows - height), (0, wide * columns - width))
        padded = ops.pad(planes, margins, mode="symmetric")
        tones = ops.clip(ops.cast(padded, "int32"), 0, TONES - 1)
        tiles = ops.transpose(ops.reshape(tones, (batch, channels, rows, tall, columns, wide)), (0, 1, 2, 4, 3, 5))
        tables = self._tables(ops.reshape(tiles, (-1, tall * wide)))
        # One row of tiles more at each end, equal to the outermost ones.
        tables = ops.reshape(tables, (batch * channels, rows, columns, TONES))
        tables = ops.pad(tables, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="symmetric")
        flat, pixels = ops.reshape(tables, (-1,)), ops.reshape(tones, (-1, tall * rows, wide * columns))
        image = ops.reshape(ops.arange(batch * channels, dtype="int32"), (-1, 1, 1)) * ((rows + 2) * (columns + 2))
        result: Any = 0.0
        for down, part_down in zip(*_neighbors(tall, rows), strict=True):
            for right, part_right in zip(*_neighbors(wide, columns), strict=True):
                tile = down[:, None] * (columns + 2) + right[None, :]
                entry = (image + tile.astype(np.int32)) * TONES + pixels
                weight = part_down[:, None] * part_right[None, :]
                result = result + ops.take(flat, entry) * weight
        return ops.reshape(result[:, :height, :width], (batch, channels, height, width))

    def _sizes(self, planes: Any) -> tuple[int, int]:
        layer = ImageLayer("channels_first", name=self.name)
        return layer.fixed_size_of(planes)

    def _tables(self, tiles: Any) -> Any:
        """The new value of each of 256 tones, for tiles (number, pixels)."""
        count, pixels = ops.shape(tiles)
        entries = ops.reshape(ops.reshape(ops.arange(count, dtype="int32"), (-1, 1)) * TONES + tiles, (-1,))
        ones = ops.ones_like(ops.cast(entries, "float32"))
        counts = ops.reshape(ops.segment_sum(ones, entries, num_segments=count * TONES), (-1, TONES))
        if self.clip_limit > 0:
            limited = ops.clip(counts, 0.0, self.clip_limit * pixels / TONES)
            counts = limited + ops.sum(counts - limited, axis=-1, keepdims=True) / TONES
        up_to = ops.cumsum(counts, axis=-1)
        lowest = up_to[:, :1]
        spread = pixels - lowest
        return ops.clip((up_to - lowest) * 255.0 / ops.where(ops.equal(spread, 0.0), 1.0, spread), 0.0, 255.0)


def _neighbors(size: int, count: int) -> tuple[Any, Any]:
    """The tiles before and after each pixel along an axis, counted from 1, and their weights: two arrays each."""
    place = (np.arange(size * count, dtype=np.float32) - size / 2) / size + 1
    before = np.floor(place)
    after = (place - before).astype(np.float32)
    tiles = [np.clip(before, 0, count + 1).astype(np.int64), np.clip(before + 1, 0, count + 1).astype(np.int64)]
    return tiles, [1 - after, after]
