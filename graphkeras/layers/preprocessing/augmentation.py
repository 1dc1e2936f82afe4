"""Layers that apply randomly chosen other layers: RandAugment and AugMix; and `Pipeline`, layers one after another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ... import ops, random
from ...saving.serialization import deserialize_keras_object, serialize_keras_object
from ..input_spec import title
from ..layer import Layer
from .image_layer import ImageLayer
from .random_areas import RandomSharpness
from .random_colors import RandomColorDegeneration, RandomPosterization
from .random_images import RandomBrightness, RandomContrast, RandomImageLayer, checked_range
from .random_places import RandomRotation, RandomShear, RandomTranslation
from .tones import AutoContrast, Equalization, Solarization


class ChosenLayers(RandomImageLayer):
    """The base: a list of layers, one of which is chosen for a whole batch each time. Only the chosen one runs.

    Args:
        value_range: the smallest and the largest value of a pixel.
        factor: two numbers from 0 to 1, or one number f for (0, f): how strongly the layers change images.
        interpolation: "bilinear" or "nearest".
        has_colors: whether brightness, color, contrast and sharpness are among the layers.
    """

    def __init__(
        self,
        value_range: Sequence[float],
        factor: Any,
        interpolation: str,
        has_colors: bool,
        seed: Any,
        data_format: str | None,
        **kwargs: Any,
    ) -> None:
        super().__init__(seed=seed, data_format=data_format, **kwargs)
        self.value_range, self.interpolation = value_range, interpolation
        self.factor = pair = checked_range(self, factor, "factor", 0, 1)
        places: dict[str, Any] = {"interpolation": interpolation, "data_format": data_format}
        tones: dict[str, Any] = {"value_range": value_range, "data_format": data_format}
        colors: tuple[Any, ...] = (RandomBrightness, RandomColorDegeneration, RandomContrast, RandomSharpness)
        self.choices: list[ImageLayer] = [
            RandomShear(pair, pair, seed=seed, **places),
            RandomTranslation(pair, pair, seed=seed, **places),
            RandomRotation(pair, seed=seed, **places),
            *(kind(pair, seed=seed, **tones) for kind in (colors if has_colors else ())),
            RandomPosterization(max(1, int(8 * pair[1])), seed=seed, **tones),
            Solarization(pair, pair, seed=seed, **tones),
            AutoContrast(**tones),
            Equalization(**tones),
        ]

    def one_of(self, images: Any, stays: bool = False) -> Any:
        """The images, changed by one of the layers, or (if `stays`) left as they are, with equal probabilities."""
        branches: list[Any] = []
        draws: list[Any] = []
        for layer in self.choices:
            own = layer.draws(images) if isinstance(layer, RandomImageLayer) else ()
            branches.append(_branch(layer, len(draws), len(draws) + len(own)))
            draws += own
        if stays:
            branches.append(lambda images, *draws: images)
        chosen = random.randint((), 0, len(branches), "int32", self.generator)
        return ops.switch(chosen, branches, images, *draws)


def _branch(layer: ImageLayer, start: int, stop: int) -> Any:
    """A function of the images and the numbers of all layers, of which the layer takes its own."""

    def changed(images: Any, *draws: Any) -> Any:
        own = draws[start:stop]
        result = layer.changed(images, *own) if isinstance(layer, RandomImageLayer) else layer.transformed(images, True)
        return ops.cast(result, layer.compute_dtype)

    return changed


class RandAugment(ChosenLayers):
    """A few randomly chosen changes, one after the other (Cubuk et al., arXiv:1909.13719). They are chosen for each batch.

    Args:
        value_range: the smallest and the largest value of a pixel.
        num_ops: how many changes.
        factor: two numbers from 0 to 1, or one number f for (0, f): how strong they are.
        interpolation: "bilinear" or "nearest".
    """

    def __init__(
        self,
        value_range: Sequence[float] = (0, 255),
        num_ops: int = 2,
        factor: Any = 0.5,
        interpolation: str = "bilinear",
        seed: Any = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(value_range, factor, interpolation, True, seed, data_format, **kwargs)
        self.num_ops = num_ops

    def drawn(self, images: Any) -> Any:
        for _ in range(self.num_ops):
            images = self.one_of(images)
        return images


class AugMix(ChosenLayers):
    """Several chains of randomly chosen changes, mixed with the image (Hendrycks et al., arXiv:1912.02781).

    Args:
        value_range: the smallest and the largest value of a pixel.
        num_chains: how many chains.
        chain_depth: how many changes each chain makes at most.
        factor: two numbers from 0 to 1, or one number f for (0, f): how strong they are.
        alpha: the weights of the chains have the distribution dirichlet(alpha, ...), that of the image beta(alpha, alpha).
        all_ops: whether brightness, color, contrast and sharpness are among the changes.
        interpolation: "bilinear" or "nearest".
    """

    def __init__(
        self,
        value_range: Sequence[float] = (0, 255),
        num_chains: int = 3,
        chain_depth: int = 3,
        factor: Any = 0.3,
        alpha: float = 1.0,
        all_ops: bool = True,
        interpolation: str = "bilinear",
        seed: Any = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(value_range, factor, interpolation, all_ops, seed, data_format, **kwargs)
        self.num_chains, self.chain_depth, self.alpha, self.all_ops = num_chains, chain_depth, alpha, all_ops

    def drawn(self, images: Any) -> Any:
        gammas = random.gamma((self.num_chains,), self.alpha, self.compute_dtype, self.generator)
        weights = gammas / ops.sum(gammas)
        mixed: Any = 0.0
        for chain in range(self.num_chains):
            copy = images
            for _ in range(self.chain_depth):
                copy = self.one_of(copy, stays=True)
            mixed = mixed + copy * weights[chain]
        weight = random.beta((), self.alpha, self.alpha, self.compute_dtype, self.generator)
        return ops.clip(weight * images + (1.0 - weight) * mixed, self.value_range[0], self.value_range[1])


class Pipeline(Layer):
    """Layers, one after another, as one layer; `training` is passed on to them. It is no model and has no weights to train.

    Args:
        layers: the layers.
    """

    def __init__(self, layers: Sequence[Layer], name: str | None = None) -> None:
        super().__init__(name=name)
        if not isinstance(layers, (list, tuple)) or not all(isinstance(layer, Layer) for layer in layers):
            raise ValueError(f"{title(self)}: takes a list of layers, got {layers!r}.")
        self._pipeline_layers = list(layers)

    @property
    def layers(self) -> list[Layer]:
        return self._pipeline_layers

    def call(self, inputs: Any, training: bool = True) -> Any:
        for layer in self._pipeline_layers:
            inputs = layer(inputs, training=training)
        return inputs

    def get_config(self) -> dict[str, Any]:
        return {"name": self.name, "layers": [serialize_keras_object(layer) for layer in self._pipeline_layers]}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Pipeline:
        if not isinstance(config.get("layers"), (list, tuple)):
            raise ValueError(f"{cls.__name__}: the config must hold the list 'layers', got {sorted(config)}.")
        return cls([deserialize_keras_object(layer) for layer in config["layers"]], config.get("name"))
