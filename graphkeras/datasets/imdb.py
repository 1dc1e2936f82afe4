"""Film reviews, good or bad: 25000 + 25000 texts as lists of word numbers, by how often the word is used."""

from __future__ import annotations

import json

import numpy as np

from .sources import Split, fetch, read_npz
from .word_sequences import WordNumbers, array_of, shorter_than, shuffled


def load_data(
    path: str = "imdb.npz",
    num_words: int | None = None,
    skip_top: int = 0,
    maxlen: int | None = None,
    seed: int = 113,
    start_char: int | None = 1,
    oov_char: int | None = 2,
    index_from: int | None = 3,
) -> Split:
    """``(x_train, y_train), (x_test, y_test)``: arrays of lists, and labels 0 or 1.

    Args:
        path: the file's name in the cache folder.
        num_words: words from this number on are left out; None keeps all.
        skip_top: words below this number are left out.
        maxlen: texts of this length or more are left out.
        seed: for the order.
        start_char: put before every text.
        oov_char: stands for a word that is left out; None drops it.
        index_from: added to the number of every word.

    Raises:
        ValueError: if `maxlen` leaves no text.
    """
    data = read_npz(fetch("imdb.npz", path))
    words, random = WordNumbers(num_words, skip_top, start_char, oov_char, index_from), np.random.RandomState(seed)
    train, y_train = shuffled(data["x_train"], data["y_train"], random)
    test, y_test = shuffled(data["x_test"], data["y_test"], random)
    x_train, x_test = words.numbered(train), words.numbered(test)
    if maxlen:
        x_train, y_train = shorter_than(maxlen, x_train, y_train)
        x_test, y_test = shorter_than(maxlen, x_test, y_test)
    texts = array_of(words.limited(x_train + x_test))
    return (texts[: len(x_train)], y_train), (texts[len(x_train) :], y_test)


def get_word_index(path: str = "imdb_word_index.json") -> dict[str, int]:
    """The number of every word, before `index_from` is added."""
    index: dict[str, int] = json.loads(fetch("imdb_word_index.json", path).read_text("utf-8"))
    return index
