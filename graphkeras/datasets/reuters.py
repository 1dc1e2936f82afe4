"""News in 46 topics: 11228 texts as lists of word numbers, by how often the word is used."""

from __future__ import annotations

import json

import numpy as np

from .sources import Split, fetch, read_npz
from .word_sequences import WordNumbers, array_of, shorter_than, shuffled

# fmt: off
_LABELS = (
    "cocoa", "grain", "veg-oil", "earn", "acq", "wheat",
    "copper", "housing", "money-supply", "coffee", "sugar", "trade", "reserves", "ship", "cotton", "carcass", "crude",
    "nat-gas", "cpi", "money-fx", "interest", "gnp", "meal-feed", "alum", "oilseed", "gold", "tin", "strategic-metal",
    "livestock", "retail", "ipi", "iron-steel", "rubber", "heat", "jobs", "lei", "bop", "zinc", "orange", "pet-chem",
    "dlr", "gas", "silver", "wpi", "hog", "lead",
)
# fmt: on


def load_data(
    path: str = "reuters.npz",
    num_words: int | None = None,
    skip_top: int = 0,
    maxlen: int | None = None,
    test_split: float = 0.2,
    seed: int = 113,
    start_char: int | None = 1,
    oov_char: int | None = 2,
    index_from: int | None = 3,
) -> Split:
    """``(x_train, y_train), (x_test, y_test)``: arrays of lists, and topics as numbers.

    Args:
        path: the file's name in the cache folder.
        num_words: words from this number on are left out; None keeps all.
        skip_top: words below this number are left out.
        maxlen: texts of this length or more are left out.
        test_split: the part of the texts that is for tests.
        seed: for the order.
        start_char: put before every text.
        oov_char: stands for a word that is left out; None drops it.
        index_from: added to the number of every word.

    Raises:
        ValueError: if `maxlen` leaves no text.
    """
    data = read_npz(fetch("reuters.npz", path))
    words = WordNumbers(num_words, skip_top, start_char, oov_char, index_from)
    found, labels = shuffled(data["x"], data["y"], np.random.RandomState(seed))
    texts = words.numbered(found)
    if maxlen:
        texts, labels = shorter_than(maxlen, texts, labels)
    x, count = array_of(words.limited(texts)), int(len(texts) * (1 - test_split))
    return (x[:count], labels[:count]), (x[count:], labels[count:])


def get_word_index(path: str = "reuters_word_index.json") -> dict[str, int]:
    """The number of every word, before `index_from` is added."""
    index: dict[str, int] = json.loads(fetch("reuters_word_index.json", path).read_text("utf-8"))
    return index


def get_label_names() -> tuple[str, ...]:
    """The topics, in the order of their numbers."""
    return _LABELS
