"""Connectionist temporal classification (Graves et al. 2006): the loss of unaligned label sequences, and reading them off."""

from __future__ import annotations

from typing import Any

import numpy as np

from graphkeras.compiler.dims import Dim
from graphkeras.compiler.registry import ops
from graphkeras.compiler.types import promote, shape_text

from ..operation import operation
from ..tensor import KerasTensor
from .arithmetic import logaddexp
from .loops import scan
from .operands import Tensor, as_float, cast, dtype_of, filled, ndim_of, scalar, shape_of, tensor

__all__ = ["ctc_decode", "ctc_loss"]

#: The logarithm of a probability that counts as 0, as in Keras.
_NEVER = -1e5


@operation
def ctc_loss(target: Any, output: Any, target_length: Any, output_length: Any, mask_index: int = 0) -> Any:
    """-log of the probability that the sequence of `output` spells `target`, for each sample.

    Every place of the output says one label or a blank, which has the number `mask_index`; labels said several times in a row
    count once, then blanks go away.

    Args:
        target: label numbers (batch, most labels); those from `target_length` on do not count.
        output: logits (batch, places, classes); places from `output_length` on do not count.

    Raises:
        ValueError: for shapes that do not fit.
    """
    target, output = cast(tensor(target), "int32"), _logits(output, "ctc_loss")
    if ndim_of(target) != 2 or shape_of(target)[0] != shape_of(output)[0]:
        raise ValueError(
            "ops.ctc_loss: target must be of shape (batch, labels) and output of (batch, places, classes), got "
            f"{shape_text(shape_of(target))} and {shape_text(shape_of(output))}."
        )
    batch, places, classes = shape_of(output)
    most = shape_of(target)[1]
    scores = ops.log_softmax(output, axis=-1)
    coded = ops.one_hot(target, depth=classes, dtype=dtype_of(output))
    of_labels = ops.transpose(ops.matmul(scores, ops.transpose(coded, axes=(0, 2, 1))), axes=(1, 0, 2))
    of_blank = ops.slice(scores, starts=(0, 0, mask_index), stops=(batch, places, mask_index + 1))
    ended = ops.transpose(ops.logical_not(_within(output_length, places)), axes=(1, 0))
    ended = ops.expand_dims(cast(ended, dtype_of(output)), axis=(2,))
    rounds = (of_labels, ops.transpose(of_blank, axes=(1, 0, 2)), ended)
    # after_blank[b, n]: n labels are said, and then a blank or nothing; after_label[b, n]: label n was said just now
    start = filled((batch, 1), 0.0, dtype_of(output))
    after_blank = ops.concatenate(start, filled((batch, most), _NEVER, dtype_of(output)), axis=1)
    after_label = filled((batch, most), _NEVER, dtype_of(output))
    repeats = cast(_equals_next(target, batch, most), dtype_of(output))

    def step(state: Any, now: Any) -> Any:
        (blanks, labels), (of_label, of_no_label, is_over) = (tuple(map(_bare, part)) for part in (state, now))
        ready = _reached(blanks, ops.add(labels, ops.multiply(repeats, scalar(_NEVER, labels))))
        said = _log_sum(ops.add(_all_but_last(ready), of_label), ops.add(labels, of_label))
        apart = ops.multiply(ops.subtract(scalar(1, repeats), repeats), scalar(_NEVER, labels))
        silent = _reached(ops.add(ready, of_no_label), ops.add(ops.add(labels, of_no_label), apart))
        return (_unless(is_over, silent, blanks), _unless(is_over, said, labels)), None

    (after_blank, after_label), _ = scan.body(step, (after_blank, after_label), rounds)
    whole = _reached(_bare(after_blank), _bare(after_label))
    count = ops.sum(cast(_within(target_length, most), "int32"), axis=(1,))
    chosen = ops.one_hot(count, depth=most + 1, dtype=dtype_of(output))
    return ops.negative(ops.sum(ops.multiply(whole, chosen), axis=(1,)))


def _logits(output: Any, name: str) -> Tensor:
    output = as_float(output)
    if ndim_of(output) != 3 or isinstance(shape_of(output)[2], Dim):
        raise ValueError(
            f"ops.{name}: logits must be of shape (batch, places, classes) with a known number of classes, got "
            f"{shape_text(shape_of(output))}."
        )
    return cast(output, promote(dtype_of(output), "float32"))


def _bare(x: Any) -> Tensor:
    return x.value if isinstance(x, KerasTensor) else x


def _within(lengths: Any, size: Any) -> Tensor:
    """[b, k]: whether k < lengths[b]."""
    places = ops.iota(size=size, dtype="int32") if isinstance(size, Dim) else np.arange(size, dtype=np.int32)
    return ops.less(ops.expand_dims(places, axis=(0,)), ops.expand_dims(cast(tensor(lengths), "int32"), axis=(1,)))


def _equals_next(target: Tensor, batch: Any, most: Any) -> Tensor:
    """[b, n]: whether label n + 1 is there and the same as label n."""
    first = ops.slice(target, starts=(0, 0), stops=(batch, most - 1))
    second = ops.slice(target, starts=(0, 1), stops=(batch, most))
    return ops.concatenate(ops.equal(first, second), filled((batch, 1), False, "bool"), axis=1)


def _all_but_last(x: Tensor) -> Tensor:
    batch, size = shape_of(x)
    return ops.slice(x, starts=(0, 0), stops=(batch, size - 1))


def _reached(blanks: Tensor, added: Tensor) -> Tensor:
    """More ways to have said n labels: `added` has no column for n = 0."""
    batch, size = shape_of(blanks)
    none = ops.slice(blanks, starts=(0, 0), stops=(batch, 1))
    return ops.concatenate(none, _log_sum(ops.slice(blanks, starts=(0, 1), stops=(batch, size)), added), axis=1)


def _log_sum(a: Tensor, b: Tensor) -> Tensor:
    return logaddexp.body(a, b)


def _unless(condition: Tensor, new: Tensor, old: Tensor) -> Tensor:
    """`new`, but `old` where `condition` is 1."""
    return ops.add(ops.multiply(condition, old), ops.multiply(ops.subtract(scalar(1, condition), condition), new))


@operation
def ctc_decode(
    inputs: Any,
    sequence_lengths: Any,
    strategy: str = "greedy",
    beam_width: int = 100,
    top_paths: int = 1,
    merge_repeated: bool = True,
    mask_index: int = 0,
) -> Any:
    """The labels that the likeliest class of every place spells, (1, batch, places) with -1 behind the last one; and minus the
    sum of the logits of these classes, (batch, 1).

    Args:
        inputs: logits (batch, places, classes).
        sequence_lengths: places from there on do not count.
        merge_repeated: labels said several times in a row count once.
        mask_index: the class that is the blank; None for the last one.

    Raises:
        ValueError: for another strategy than "greedy" and "beam_search".
        NotImplementedError: for strategy="beam_search".
    """
    if strategy not in ("greedy", "beam_search"):
        raise ValueError(f"ops.ctc_decode: strategy must be 'greedy' or 'beam_search', got {strategy!r}.")
    if strategy == "beam_search":
        raise NotImplementedError("ops.ctc_decode: beam search is not supported; use strategy='greedy'.")
    inputs = _logits(inputs, "ctc_decode")
    batch, places, classes = shape_of(inputs)
    blank = np.asarray(classes - 1 if mask_index is None else mask_index, np.int32)
    counts = _within(sequence_lengths, places)
    labels = ops.where(counts, ops.argmax(inputs, axis=2), blank)
    scores = ops.multiply(ops.max(inputs, axis=(2,)), cast(counts, dtype_of(inputs)))
    if merge_repeated:
        first = ops.slice(labels, starts=(0, 0), stops=(batch, places - 1))
        again = ops.equal(first, ops.slice(labels, starts=(0, 1), stops=(batch, places)))
        labels = ops.where(ops.concatenate(filled((batch, 1), False, "bool"), again, axis=1), blank, labels)
    is_blank = ops.equal(labels, blank)
    labels = ops.where(is_blank, np.asarray(-1, np.int32), labels)
    order = ops.top_k(cast(is_blank, "int32"), k=places, axis=1, largest=False)[1]  # labels first, in their order
    labels = ops.gather_elements(labels, order, axis=1)
    return ops.expand_dims(labels, axis=(0,)), ops.negative(ops.sum(scores, axis=(1,), keepdims=True))
