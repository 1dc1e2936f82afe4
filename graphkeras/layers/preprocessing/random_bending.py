"""`RandomElasticTransform`: images bent by smooth random shifts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ... import ops, random
from ...ops.image.warping import bent
from ..input_spec import title
from .random_images import RandomImageLayer, checked_range


class RandomElasticTransform(RandomImageLayer):
    """Images bent by smooth random shifts (Simard, Steinkraus and Platt 2003); see `ops.image.elastic_transform`.

    Args:
        factor: two numbers from 0 to 1, or one number f for (0, f): between them the probability is drawn for each image.
        scale: two numbers from 0 to 1, or one number s for (0, s): between them a is drawn for each batch. Shifts are as strong
            as a tenth of the longer side times a, and as smooth as a twentieth of the shorter side times a.
        interpolation: "bilinear" or "nearest".
        fill_mode, fill_value: what lies outside of the image: "constant", "nearest", "wrap", "mirror" or "reflect".
        value_range: the smallest and the largest value of a pixel.
    """

    def __init__(
        self,
        factor: Any = 1.0,
        scale: Any = 1.0,
        interpolation: str = "bilinear",
        fill_mode: str = "reflect",
        fill_value: float = 0.0,
        value_range: Sequence[float] = (0, 255),
        seed: Any = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(seed=seed, data_format=data_format, **kwargs)
        self.factor = checked_range(self, factor, "factor", 0, 1)
        self.scale = checked_range(self, scale, "scale", 0, 1)
        for name, value, allowed in (
            ("interpolation", interpolation, ("nearest", "bilinear")),
            ("fill_mode", fill_mode, ("constant", "nearest", "wrap", "mirror", "reflect")),
        ):
            if value not in allowed:
                raise NotImplementedError(f"{title(self)}: {name} must be one of {allowed}; got {value!r}.")
        self.interpolation, self.fill_mode, self.fill_value = interpolation, fill_mode, fill_value
        self.value_range = value_range

    def drawn(self, images: Any) -> Any:
        if self.factor[1] == 0 or self.scale[1] == 0:
            return images
        sides = self.fixed_size_of(images)
        chosen = self.chosen(images, self.factor)
        strength = random.uniform((), *self.scale, "float32", self.generator)
        sigma = ops.maximum(strength * (0.05 * min(sides)), 1e-3)
        reach = int(6 * 0.05 * min(sides) * self.scale[1]) | 1
        alpha = strength * (0.1 * max(sides))
        changed = bent(
            self.generator,
            images,
            alpha,
            sigma,
            reach,
            self.interpolation,
            self.fill_mode,
            self.fill_value,
            self.data_format,
        )
        low, high = self.value_range
        return ops.cast(ops.clip(ops.where(chosen, changed, images), low, high), self.compute_dtype)
