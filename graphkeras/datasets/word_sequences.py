"""Texts as lists of word numbers: what IMDB and Reuters share."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from .sources import Array

Texts = list[list[int]]


@dataclass(frozen=True)
class WordNumbers:
    """Which numbers words get.

    Args:
        num_words: words from this number on are left out; None keeps all.
        skip_top: words below this number are left out.
        start_char: put before every text; None for nothing.
        oov_char: stands for a word that is left out; None drops it.
        index_from: added to the number of every word.
    """

    num_words: int | None
    skip_top: int
    start_char: int | None
    oov_char: int | None
    index_from: int | None

    def numbered(self, texts: Iterable[Iterable[int]]) -> Texts:
        """The texts with their first number and their words' numbers moved up."""
        start = [] if self.start_char is None else [self.start_char]
        return [[*start, *(int(word) + (self.index_from or 0) for word in text)] for text in texts]

    def limited(self, texts: Texts) -> Texts:
        """The texts without the words that are left out."""
        end = self.num_words or max(max(text) for text in texts)
        if self.oov_char is None:
            return [[word for word in text if self.skip_top <= word < end] for text in texts]
        return [[word if self.skip_top <= word < end else self.oov_char for word in text] for text in texts]


def shuffled(texts: Array, labels: Array, random: np.random.RandomState) -> tuple[Array, Array]:
    """Both in one new order."""
    order = np.arange(len(texts))
    random.shuffle(order)
    return texts[order], labels[order]


def shorter_than(maxlen: int, texts: Texts, labels: Array) -> tuple[Texts, Array]:
    """The texts of fewer than `maxlen` numbers, with their labels.

    Raises:
        ValueError: if there is none.
    """
    kept = [(text, label) for text, label in zip(texts, labels) if len(text) < maxlen]
    if not kept:
        raise ValueError(f"No text is shorter than maxlen={maxlen}. Give a larger maxlen.")
    return [text for text, _ in kept], np.array([label for _, label in kept])


def array_of(texts: Texts) -> Array:
    """An array of lists, as Keras returns it."""
    array = np.empty(len(texts), object)
    array[:] = texts
    return array
