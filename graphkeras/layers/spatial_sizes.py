"""Layers that make images, sequences and volumes larger or smaller: upsampling, zeros around them, cropping."""

from __future__ import annotations

from typing import Any, ClassVar

from .. import config, ops
from ..arguments import passed
from ..ops.convolution import per_axis
from .input_spec import InputSpec, title
from .layer import Layer
from .own_arguments import OwnArguments

INTERPOLATIONS = ("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5")

Pairs = tuple[tuple[int, int], ...]


def pairs_for(layer: Layer, argument: str, given: Any, rank: int) -> Pairs:
    """(before, after) for each of `rank` axes: from one number for all, one for each axis, or a pair for each axis.

    Raises:
        ValueError: for anything else.
    """
    entries = [given] * rank if isinstance(given, int) else list(given)
    if rank == 1 and len(entries) == 2 and all(isinstance(entry, int) for entry in entries):
        entries = [tuple(entries)]
    pairs = tuple((entry, entry) if isinstance(entry, int) else tuple(entry) for entry in entries)
    numbers = [number for pair in pairs for number in pair]
    if len(pairs) != rank or any(len(pair) != 2 for pair in pairs) or not all(isinstance(n, int) and n >= 0 for n in numbers):
        raise ValueError(
            f"{title(layer)}: {argument} must be a number of at least 0, one for each of {rank} axes, or a pair "
            f"(before, after) for each; got {given!r}."
        )
    return pairs


class ZeroPadding(OwnArguments):
    """Zeros before and after the spatial axes, with the rank of a subclass."""

    rank: ClassVar[int]

    def __init__(self, padding: Any = 1, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**passed(locals()))
        pairs = pairs_for(self, "padding", padding, self.rank)
        self.padding: Any = pairs if self.rank > 1 else pairs[0]
        self.data_format = config.standardize_data_format(data_format)
        self.input_spec = InputSpec(ndim=self.rank + 2)
        self._pairs = pairs

    def call(self, inputs: Any) -> Any:
        none = (0, 0)
        if self.data_format == "channels_last":
            return ops.pad(inputs, (none, *self._pairs, none))
        return ops.pad(inputs, (none, none, *self._pairs))


class ZeroPadding1D(ZeroPadding):
    """Zeros before and after a sequence: `padding` on each side, or (before, after)."""

    rank = 1


class ZeroPadding2D(ZeroPadding):
    """Zeros around images: `padding` everywhere, (rows, columns), or ((top, bottom), (left, right))."""

    rank = 2

    def __init__(self, padding: Any = (1, 1), data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**passed(locals()))


class ZeroPadding3D(ZeroPadding):
    """Zeros around volumes: `padding` everywhere, one number for each axis, or (before, after) for each."""

    rank = 3

    def __init__(self, padding: Any = ((1, 1), (1, 1), (1, 1)), data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**passed(locals()))


class Cropping(OwnArguments):
    """The spatial axes without their first and last elements, with the rank of a subclass."""

    rank: ClassVar[int]

    def __init__(self, cropping: Any = 1, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**passed(locals()))
        self._pairs = pairs_for(self, "cropping", cropping, self.rank)
        self.cropping: Any = self._pairs if self.rank > 1 else self._pairs[0]
        self.data_format = config.standardize_data_format(data_format)
        self.input_spec = InputSpec(ndim=self.rank + 2)

    def call(self, inputs: Any) -> Any:
        first = 1 if self.data_format == "channels_last" else 2
        places = [slice(None)] * (self.rank + 2)
        for axis, (before, after) in enumerate(self._pairs, start=first):
            size = ops.shape(inputs)[axis]
            if isinstance(size, int) and before + after >= size:
                raise ValueError(
                    f"{title(self)}: cropping {before} before and {after} after leaves nothing of axis {axis}, "
                    f"which has {size} elements."
                )
            places[axis] = slice(before, -after if after else None)
        return inputs[tuple(places)]


class Cropping1D(Cropping):
    """A sequence (batch, steps, channels) without its first and last steps: `cropping` of each, or (first, last)."""

    rank = 1

    def __init__(self, cropping: Any = (1, 1), **kwargs: Any) -> None:
        super().__init__(cropping, "channels_last", **kwargs)


class Cropping2D(Cropping):
    """Images without their edges: `cropping` everywhere, (rows, columns), or ((top, bottom), (left, right))."""

    rank = 2

    def __init__(self, cropping: Any = ((0, 0), (0, 0)), data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**passed(locals()))


class Cropping3D(Cropping):
    """Volumes without their edges: `cropping` everywhere, one number for each axis, or (before, after) for each."""

    rank = 3

    def __init__(self, cropping: Any = ((1, 1), (1, 1), (1, 1)), data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**passed(locals()))


class UpSampling1D(OwnArguments):
    """Each step of a sequence (batch, steps, channels) `size` times."""

    def __init__(self, size: int = 2, **kwargs: Any) -> None:
        super().__init__(**passed(locals()))
        if isinstance(size, bool) or not isinstance(size, int):
            raise TypeError(f"{title(self)}: size must be an integer, got {size!r}.")
        (self.size,) = per_axis(title(self), "size", size, 1)
        self.input_spec = InputSpec(ndim=3)

    def call(self, inputs: Any) -> Any:
        return ops.repeat(inputs, self.size, axis=1)


class UpSampling2D(OwnArguments):
    """Images `size` times as high and wide.

    Args:
        size: (rows, columns), or one number for both.
        data_format: "channels_last" or "channels_first"; what `config.image_data_format` says by default.
        interpolation: "nearest" repeats rows and columns; "bilinear", "bicubic", "lanczos3", "lanczos5" draw between them,
            which needs images of known size.
    """

    def __init__(
        self, size: Any = (2, 2), data_format: str | None = None, interpolation: str = "nearest", **kwargs: Any
    ) -> None:
        super().__init__(**passed(locals()))
        self.size = per_axis(title(self), "size", size, 2)
        self.data_format = config.standardize_data_format(data_format)
        self.interpolation = str(interpolation).lower()
        if self.interpolation not in INTERPOLATIONS:
            raise ValueError(f"{title(self)}: interpolation must be one of {', '.join(INTERPOLATIONS)}; got {interpolation!r}.")
        self.input_spec = InputSpec(ndim=4)

    def call(self, inputs: Any) -> Any:
        first = 1 if self.data_format == "channels_last" else 2
        if self.interpolation == "nearest":
            return _repeated(inputs, self.size, first)
        sizes = ops.shape(inputs)[first : first + 2]
        if not all(isinstance(n, int) for n in sizes):
            raise ValueError(
                f"{title(self)}: {self.interpolation} interpolation needs images of known size, got {sizes}. Give Input fixed "
                f"sizes or use interpolation='nearest'."
            )
        wanted = tuple(n * times for n, times in zip(sizes, self.size, strict=True))
        return ops.image.resize(inputs, wanted, interpolation=self.interpolation, data_format=self.data_format)


class UpSampling3D(OwnArguments):
    """Volumes with every element `size` times along each axis; `size` is one number, or one for each axis."""

    def __init__(self, size: Any = (2, 2, 2), data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**passed(locals()))
        self.size = per_axis(title(self), "size", size, 3)
        self.data_format = config.standardize_data_format(data_format)
        self.input_spec = InputSpec(ndim=5)

    def call(self, inputs: Any) -> Any:
        return _repeated(inputs, self.size, 1 if self.data_format == "channels_last" else 2)


def _repeated(x: Any, times: tuple[int, ...], first: int) -> Any:
    """Every element `times` times along the axes from `first` on."""
    for axis, count in enumerate(times, start=first):
        x = ops.repeat(x, count, axis=axis)
    return x
