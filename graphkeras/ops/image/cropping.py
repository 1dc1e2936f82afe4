"""Cutting margins off images, and adding them."""

from __future__ import annotations

from typing import Any

from graphkeras.compiler.dims import Dim
from graphkeras.compiler.registry import ops

from ...operation import operation
from ..operands import ndim_of, shape_of
from .frame import framed


@operation
def crop_images(
    images: Any,
    top_cropping: int | None = None,
    left_cropping: int | None = None,
    bottom_cropping: int | None = None,
    right_cropping: int | None = None,
    target_height: int | None = None,
    target_width: int | None = None,
    data_format: str | None = None,
) -> Any:
    """Images without margins. Two of top, bottom and height are given, and two of left, right and width.

    Raises:
        ValueError: for more or fewer of them, or if the images are too small.
    """
    images, frame = framed(images, data_format, "ops.image.crop_images")
    height, width = frame.sizes(images)
    top, tall = _cut(height, top_cropping, bottom_cropping, target_height, frame.name, "top", "bottom", "height", "cropping")
    left, wide = _cut(width, left_cropping, right_cropping, target_width, frame.name, "left", "right", "width", "cropping")
    starts, stops = [0] * ndim_of(images), list(shape_of(images))
    starts[frame.height], stops[frame.height] = top, top + tall
    starts[frame.width], stops[frame.width] = left, left + wide
    return ops.slice(images, starts=tuple(starts), stops=tuple(stops), steps=(1,) * ndim_of(images))


@operation
def pad_images(
    images: Any,
    top_padding: int | None = None,
    left_padding: int | None = None,
    bottom_padding: int | None = None,
    right_padding: int | None = None,
    target_height: int | None = None,
    target_width: int | None = None,
    data_format: str | None = None,
) -> Any:
    """Images with margins of zeros. Two of top, bottom and height are given, and two of left, right and width.

    Raises:
        ValueError: for more or fewer of them, or if the images are too large.
    """
    images, frame = framed(images, data_format, "ops.image.pad_images")
    height, width = frame.sizes(images)
    top, bottom = _added(height, top_padding, bottom_padding, target_height, frame.name, "top", "bottom", "height")
    left, right = _added(width, left_padding, right_padding, target_width, frame.name, "left", "right", "width")
    before, after = [0] * ndim_of(images), [0] * ndim_of(images)
    before[frame.height], after[frame.height] = top, bottom
    before[frame.width], after[frame.width] = left, right
    return ops.pad(images, before=tuple(before), after=tuple(after), value=0)


def _cut(size: Any, first: Any, last: Any, target: Any, name: str, *words: str) -> tuple[Any, Any]:
    """How much is cut off in front, and how much is kept."""
    _two_of(first, last, target, name, *words)
    first = size - target - last if first is None else first
    target = size - first - last if target is None else target
    rest = size - first - target
    for amount, word in ((first, f"{words[0]}_cropping"), (target, f"target_{words[2]}"), (rest, f"{words[1]}_cropping")):
        _not_negative(amount, word, size, name, words[2])
    return first, target


def _added(size: Any, first: Any, last: Any, target: Any, name: str, *words: str) -> tuple[Any, Any]:
    """How much is added in front and behind."""
    _two_of(first, last, target, name, *words, "padding")
    first = target - last - size if first is None else first
    last = target - first - size if last is None else last
    for amount, word in ((first, f"{words[0]}_padding"), (last, f"{words[1]}_padding")):
        _not_negative(amount, word, size, name, words[2])
    return first, last


def _two_of(first: Any, last: Any, target: Any, name: str, *words: str) -> None:
    front, behind, side, what = words
    if [first, last, target].count(None) != 1:
        raise ValueError(
            f"{name}: exactly two of {front}_{what}, {behind}_{what} and target_{side} must be given, got "
            f"{front}_{what}={first}, {behind}_{what}={last}, target_{side}={target}."
        )
    for amount, word in ((first, f"{front}_{what}"), (last, f"{behind}_{what}"), (target, f"target_{side}")):
        if amount is not None and not isinstance(amount, Dim) and amount < 0:
            raise ValueError(f"{name}: {word} must not be negative, got {amount}.")


def _not_negative(amount: Any, word: str, size: Any, name: str, side: str) -> None:
    if not isinstance(amount, Dim) and amount < 0:
        raise ValueError(f"{name}: the images' {side} {size} does not fit: {word} would be {amount}.")
