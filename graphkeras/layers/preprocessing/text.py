"""`TextVectorization`: texts as rows of word numbers, or as counts of words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from graphkeras.compiler.dims import Dim
from graphkeras.compiler.types import TensorType

from ...saving.serialization import deserialize_keras_object, serialize_keras_object
from ..input_spec import title
from .adapting import batches_of
from .categories import refuse_sparse, require_mode
from .host_layer import Array, HostLayer, texts_of
from .index_lookup import refuse_foreign_files
from .lookup import StringLookup

_PUNCTUATION = re.compile("[" + re.escape("!\"#$%&()*+,-./:;<=>?@[\\]^_`{|}~'") + "]")
_STANDARDS = ("lower_and_strip_punctuation", "lower", "strip_punctuation")
_SPLITS = ("whitespace", "character")


class TextVectorization(HostLayer):
    """Texts, split into words, as numbers. Computed on the host, in models, too: see `graphkeras.host`.

    Args:
        max_tokens: the largest number of indices.
        standardize: "lower_and_strip_punctuation", "lower", "strip_punctuation", None, or a function of an array of strings.
        split: "whitespace", "character", None, or a function from an array of strings to a list of lists of strings.
        ngrams: n for all sequences of 1 to n words as tokens, or a tuple of lengths.
        output_mode: "int" (0 is padding, 1 unknown words), "multi_hot", "count" or "tf_idf".
        output_sequence_length: with "int": cut or pad rows to this length; by default, to the longest.
        vocabulary: the tokens, or the path of a file with one a line; None if `adapt` finds them.
        idf_weights: with "tf_idf" and a vocabulary: the weight of each token.
        encoding: of bytes that come in place of strings.
    """

    stores_varying_arrays = True

    def __init__(
        self,
        max_tokens: int | None = None,
        standardize: Any = "lower_and_strip_punctuation",
        split: Any = "whitespace",
        ngrams: Any = None,
        output_mode: str = "int",
        output_sequence_length: int | None = None,
        pad_to_max_tokens: bool = False,
        vocabulary: Any = None,
        idf_weights: Any = None,
        sparse: bool = False,
        ragged: bool = False,
        encoding: str = "utf-8",
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        vocabulary_size = kwargs.pop("vocabulary_size", None)  # in configs
        has_vocabulary = kwargs.pop("has_input_vocabulary", vocabulary is not None)
        super().__init__(name=name, **kwargs)
        refuse_sparse(self, sparse)
        mode = {"binary": "multi_hot", "tf-idf": "tf_idf"}.get(output_mode, output_mode)
        require_mode(self, mode, ("int", "multi_hot", "count", "tf_idf"))
        if ragged:
            raise ValueError(f"{title(self)}: ragged=True is not available, as there are no ragged tensors here. Leave it out.")
        for what, value, allowed in (("standardize", standardize, _STANDARDS), ("split", split, _SPLITS)):
            if not (value is None or callable(value) or value in allowed):
                raise ValueError(f"{title(self)}: {what} must be one of {allowed}, None or a function; got {value!r}.")
        if not (ngrams is None or isinstance(ngrams, int) or _are_integers(ngrams)):
            raise ValueError(f"{title(self)}: ngrams must be an integer, several or None; got {ngrams!r}.")
        if output_sequence_length is not None and (mode != "int" or output_sequence_length < 1):
            raise ValueError(
                f"{title(self)}: output_sequence_length must be at least 1, and needs output_mode='int'; got "
                f"{output_sequence_length!r} with {mode!r}."
            )
        self.standardize, self.split = standardize, split
        self.ngrams = tuple(ngrams) if isinstance(ngrams, list) else ngrams
        self.output_mode, self.output_sequence_length, self.encoding = mode, output_sequence_length, encoding
        self._lookup_layer = StringLookup(
            max_tokens,
            mask_token="",
            vocabulary=vocabulary,
            idf_weights=idf_weights,
            output_mode=mode,
            pad_to_max_tokens=pad_to_max_tokens,
            encoding=encoding,
            has_input_vocabulary=has_vocabulary,
            vocabulary_size=vocabulary_size,
        )
        self.built = True

    def adapt(self, data: Any, batch_size: int | None = None, steps: int | None = None) -> None:
        """Make a vocabulary of the words in texts: frequent ones first.

        Args:
            data: an array or a list of texts, a data set, or anything else that yields arrays of texts.
            batch_size: not needed.
            steps: how many arrays to take; all by default.
        """
        self.reset_state()
        for batch in batches_of(data, steps, self):
            self.update_state(batch)
        self.finalize_state()

    def update_state(self, data: Any) -> None:
        """Count the words of texts; each text is a document."""
        for row in self._rows(np.asarray(data)):
            self._lookup_layer.update_state(np.array([row], dtype=object))

    def finalize_state(self) -> None:
        """Make the vocabulary of the counts."""
        self._lookup_layer.finalize_state()

    def reset_state(self) -> None:
        """Forget the counts."""
        self._lookup_layer.reset_state()

    def get_vocabulary(self, include_special_tokens: bool = True) -> list[str]:
        """The tokens by index."""
        return self._lookup_layer.get_vocabulary(include_special_tokens)

    def vocabulary_size(self) -> int:
        """The number of indices."""
        return self._lookup_layer.vocabulary_size()

    def set_vocabulary(self, vocabulary: Any, idf_weights: Any = None) -> None:
        """Replace the vocabulary: see `StringLookup.set_vocabulary`."""
        self._lookup_layer.set_vocabulary(vocabulary, idf_weights)

    def computed(self, *arrays: Array) -> Array:
        (array,) = arrays
        rows = self._rows(array)
        length = self.output_sequence_length or max((len(row) for row in rows), default=0)
        table = np.full((len(rows), length), "", dtype=object)
        for line, row in zip(table, rows, strict=True):
            line[: len(row)] = row[:length]
        found = self._lookup_layer.computed(table)
        return np.asarray(found[0]) if array.ndim == 0 else found

    def computed_type(self, *types: TensorType) -> TensorType:
        length = self.output_sequence_length or Dim.symbol(f"{self.name}_length")
        return TensorType((*types[0].shape[:1], length), "int64")

    def encoded(self, numbers: Any) -> Any:
        return self._lookup_layer.encoded(numbers)

    def _rows(self, inputs: Any) -> list[list[str]]:
        """The tokens of each text."""
        texts = texts_of(inputs, self.encoding)
        if self.split is not None and inputs.ndim > 1 and inputs.shape[-1] != 1:
            raise ValueError(f"{title(self)}: takes texts of shape (n,) or (n, 1), got {inputs.shape}. Words need split=None.")
        if callable(self.standardize):
            texts = [str(text) for text in np.asarray(self.standardize(np.array(texts))).tolist()]
        elif self.standardize is not None:
            if "lower" in self.standardize:
                texts = [_lower(text) for text in texts]
            if "punctuation" in self.standardize:
                texts = [_PUNCTUATION.sub("", text) for text in texts]
        if self.split is None:
            width = inputs.shape[-1] if inputs.ndim > 1 else 1
            rows = [texts[k : k + width] for k in range(0, len(texts), width)]
        elif callable(self.split):
            rows = [[str(token) for token in row] for row in self.split(np.array(texts))]
        else:
            rows = [_words(text) if self.split == "whitespace" else list(text) for text in texts]
        return [list(self._with_ngrams(row)) for row in rows]

    def _with_ngrams(self, row: list[str]) -> Iterator[str]:
        if self.ngrams is None:
            return iter(row)
        widths = range(1, self.ngrams + 1) if isinstance(self.ngrams, int) else self.ngrams
        return (" ".join(row[k : k + width]) for width in widths for k in range(len(row) - width + 1))

    def get_config(self) -> dict[str, Any]:
        lookup = self._lookup_layer.get_config()
        return {
            **super().get_config(),
            "max_tokens": self._lookup_layer.max_tokens,
            "standardize": serialize_keras_object(self.standardize),
            "split": serialize_keras_object(self.split),
            "ngrams": self.ngrams,
            "output_mode": self.output_mode,
            "output_sequence_length": self.output_sequence_length,
            "pad_to_max_tokens": self._lookup_layer.pad_to_max_tokens,
            "sparse": False,
            "ragged": False,
            "vocabulary": lookup["vocabulary"],
            "idf_weights": lookup["idf_weights"],
            "encoding": self.encoding,
            "vocabulary_size": self.vocabulary_size(),
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> TextVectorization:
        refuse_foreign_files(cls.__name__, config)
        functions = {key: config[key] for key in ("standardize", "split") if isinstance(config.get(key), dict)}
        read = {key: deserialize_keras_object(value) for key, value in functions.items()}
        return super().from_config({**config, **read})

    def save_own_variables(self, store: dict[str, Any]) -> None:
        """The weights of tf_idf."""
        self._lookup_layer.save_own_variables(store)

    def load_own_variables(self, store: Mapping[str, Any]) -> None:
        self._lookup_layer.load_own_variables(store)

    def save_assets(self, dir_path: Any) -> None:
        """Write the vocabulary: see `IndexLookup.save_assets`."""
        self._lookup_layer.save_assets(dir_path)

    def load_assets(self, dir_path: Any) -> None:
        self._lookup_layer.load_assets(dir_path)


def _lower(text: str) -> str:
    """In small letters. Only those of ASCII change, as in Keras, so that vocabularies of Keras's files fit."""
    return text.encode().lower().decode()


def _words(text: str) -> list[str]:
    """The parts between spaces, tabs and line breaks. Other white space of Unicode is part of words, as in Keras."""
    return [word.decode() for word in text.encode().split()]


def _are_integers(numbers: Any) -> bool:
    return isinstance(numbers, (list, tuple)) and all(isinstance(number, int) for number in numbers)
