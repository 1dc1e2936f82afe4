"""Layers that mix the images of a batch, and their labels: MixUp and CutMix."""

from __future__ import annotations

from typing import Any

from ... import ops, random
from ..input_spec import title
from .random_areas import random_rectangle
from .random_images import RandomImageLayer, checked_range


class MixingLayer(RandomImageLayer):
    """The base: called on images, or on a dict of images and labels, which are one-hot rows or other numbers.

    Subclasses define `draws(images)`: the order that gives each image its partner, the weight of each image itself, and more.
    """

    def call(self, data: Any, training: bool = True) -> Any:
        if not isinstance(data, dict):
            return super().call(data, training)
        if not {"images"} <= set(data) <= {"images", "labels"}:
            raise ValueError(f"{title(self)}: takes images, or a dict of images and labels, got a dict with {sorted(data)}.")
        images = ops.cast(data["images"], self.compute_dtype)
        if not training:
            return {**data, "images": images}
        if len(ops.shape(images)) != 4:
            raise ValueError(f"{title(self)}: mixes the images of a batch (4 axes), got {len(ops.shape(images))} axes.")
        draws = self.draws(images)
        mixed = {**data, "images": self.changed(images, *draws)}
        if "labels" in data:
            labels = ops.cast(data["labels"], self.compute_dtype)
            weight = ops.reshape(draws[1], (-1, *[1] * (len(ops.shape(labels)) - 1)))
            mixed["labels"] = weight * labels + (1.0 - weight) * ops.take(labels, draws[0], axis=0)
        return mixed

    def drawn(self, images: Any) -> Any:
        return super().drawn(images) if len(ops.shape(images)) == 4 else images

    def partners(self, images: Any) -> Any:
        """A random order of the batch."""
        return random.shuffle(ops.arange(ops.shape(images)[0], dtype="int32"), seed=self.generator)


class MixUp(MixingLayer):
    """Every image, and its label, as a weighted mean with those of another one (Zhang et al., arXiv:1710.09412).

    Args:
        alpha: weights have the distribution beta(alpha, alpha): the smaller, the nearer to 0 or 1.
    """

    def __init__(self, alpha: float = 0.2, data_format: str | None = None, seed: Any = None, **kwargs: Any) -> None:
        super().__init__(seed=seed, data_format=data_format, **kwargs)
        if not isinstance(alpha, (int, float)) or alpha <= 0:
            raise ValueError(f"{title(self)}: alpha must be a positive number, got {alpha!r}.")
        self.alpha = alpha

    def draws(self, images: Any) -> tuple[Any, ...]:
        order = self.partners(images)
        weight = random.beta((ops.shape(images)[0],), self.alpha, self.alpha, self.compute_dtype, self.generator)
        return order, ops.reshape(weight, (-1, 1, 1, 1))

    def changed(self, images: Any, *draws: Any) -> Any:
        order, weight = draws
        return weight * images + (1.0 - weight) * ops.take(images, order, axis=0)


class CutMix(MixingLayer):
    """In every image a random rectangle is that of another one; labels are mixed by area (Yun et al., arXiv:1905.04899).

    Args:
        factor: two numbers from 0 to 1, or one number f for (0, f): between them a is drawn for each batch, and the parts of
            the area that stay have the distribution beta(a, a).
    """

    def __init__(self, factor: Any = 1.0, seed: Any = None, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(seed=seed, data_format=data_format, **kwargs)
        self.factor = checked_range(self, factor, "factor", 0, 1)

    def draws(self, images: Any) -> tuple[Any, ...]:
        alpha = random.uniform((), *self.factor, self.compute_dtype, self.generator) + 1e-6
        staying = random.beta((ops.shape(images)[0],), alpha, alpha, self.compute_dtype, self.generator)
        side = ops.reshape(ops.sqrt(1.0 - staying), (-1, 1, 1, 1))
        mask, area = random_rectangle(self, images, (side, side))
        return self.partners(images), 1.0 - area, mask

    def changed(self, images: Any, *draws: Any) -> Any:
        order, _, mask = draws
        return ops.where(mask, ops.take(images, order, axis=0), images)
