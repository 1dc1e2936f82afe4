"""Tokens, which are numbers or strings, as indices into a vocabulary: IntegerLookup and StringLookup.

The indices are, in this order: 0 for the mask token (if there is one, and only with output_mode="int"), `num_oov_indices` for
tokens that are not in the vocabulary, and the vocabulary.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ... import ops
from ...tensor import KerasTensor
from .index_lookup import IndexLookup


class IntegerLookup(IndexLookup):
    """Integers as indices into a vocabulary of integers; with `invert`, indices as integers.

    Args:
        max_tokens: the largest number of indices.
        num_oov_indices: indices for integers that are not in the vocabulary.
        mask_token, oov_token: the integers that stand for "nothing" and for unknown ones.
        vocabulary: the integers, or the path of a file of them; None if `adapt` finds them.
        output_mode: "int", "one_hot", "multi_hot", "count" or "tf_idf".
        pad_to_max_tokens: whether the last axis has size max_tokens even if the vocabulary is smaller.
        oov_method: which index unknown integers get: "floormod" the remainder, "farmhash" that of a hash (see `Hashing`).
        salt: with "farmhash": an integer, or two, that another hash takes as key.
    """

    def __init__(
        self,
        max_tokens: int | None = None,
        num_oov_indices: int = 1,
        mask_token: int | None = None,
        oov_token: int = -1,
        vocabulary: Any = None,
        vocabulary_dtype: str = "int64",
        idf_weights: Any = None,
        invert: bool = False,
        output_mode: str = "int",
        sparse: bool = False,
        pad_to_max_tokens: bool = False,
        oov_method: str = "floormod",
        salt: Any = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        if vocabulary_dtype != "int64":
            raise ValueError(f"IntegerLookup: vocabulary_dtype must be 'int64', got {vocabulary_dtype!r}.")
        # fmt: off
        super().__init__(
            max_tokens, num_oov_indices, mask_token, oov_token, vocabulary_dtype, vocabulary, idf_weights, invert, output_mode,
            sparse, pad_to_max_tokens, oov_method, name, salt, **kwargs,
        )
        # fmt: on

    def _token(self, token: Any) -> int:
        return int(token)

    @property
    def _is_spread(self) -> bool:
        """Whether unknown integers are spread by a hash, which the host computes."""
        return self.num_oov_indices > 1 and self.oov_method == "farmhash"

    def call(self, inputs: Any) -> Any:
        if not isinstance(inputs, KerasTensor) or self._is_spread:
            return super().call(inputs)
        return self._in_graph(ops.cast(inputs, "int64"))

    def _in_graph(self, inputs: Any) -> Any:
        """A search in the sorted vocabulary. With no index for unknown integers, they become -1."""
        self._require_vocabulary()
        if self.invert:
            table = np.array(self.get_vocabulary(), np.int64)
            known = ops.logical_and(ops.greater_equal(inputs, 0), ops.less(inputs, len(table)))
            return ops.where(known, ops.take(table, ops.clip(inputs, 0, len(table) - 1)), np.int64(self.oov_token))
        order = np.argsort(self.tokens)
        ranked = np.array(self.tokens, np.int64)[order]
        place = ops.clip(ops.searchsorted(ranked, ops.reshape(inputs, (-1,))), 0, len(ranked) - 1)
        place = ops.reshape(place, ops.shape(inputs))
        known = ops.equal(ops.take(ranked, place), inputs)
        if self.num_oov_indices > 1:
            unknown: Any = ops.mod(inputs, np.int64(self.num_oov_indices)) + np.int64(self._mask_count)
        else:
            unknown = np.int64(self._mask_count if self.num_oov_indices else -1)
        indices = ops.where(known, ops.take(np.asarray(order + self._start, np.int64), place), unknown)
        if self.mask_token is not None:
            masked = ops.equal(inputs, np.int64(self.mask_token))
            indices = ops.where(masked, np.int64(0 if self.output_mode == "int" else -1), indices)
        return self.encoded(indices)


class StringLookup(IndexLookup):
    """Strings as indices into a vocabulary of strings; with `invert`, indices as strings. Computed on the host.

    Args: as `IntegerLookup`, with strings for integers. Several `num_oov_indices` are chosen by a hash of the string.
        encoding: of bytes that come in place of strings.
    """

    def __init__(
        self,
        max_tokens: int | None = None,
        num_oov_indices: int = 1,
        mask_token: str | None = None,
        oov_token: str = "[UNK]",
        vocabulary: Any = None,
        idf_weights: Any = None,
        invert: bool = False,
        output_mode: str = "int",
        pad_to_max_tokens: bool = False,
        sparse: bool = False,
        encoding: str = "utf-8",
        name: str | None = None,
        salt: Any = None,
        **kwargs: Any,
    ) -> None:
        self.encoding = encoding
        kwargs["oov_method"] = "floormod"  # of integers; Keras writes it for strings, too
        # fmt: off
        super().__init__(
            max_tokens, num_oov_indices, mask_token, oov_token, "string", vocabulary, idf_weights, invert, output_mode,
            sparse, pad_to_max_tokens, name=name, salt=salt, **kwargs,
        )
        # fmt: on

    def _token(self, token: Any) -> str:
        return token.decode(self.encoding) if isinstance(token, bytes) else str(token)

    def onnx_label_encoder(self) -> dict[str, Any] | None:
        """The attributes of ONNX's LabelEncoder that gives the same indices; None where unknown strings are hashed.

        With no index for unknown strings, they become -1 there.
        """
        if self.num_oov_indices > 1:
            return None
        self._require_vocabulary()
        index = self._index()
        unknown = self._mask_count if self.num_oov_indices else -1
        return {"keys_strings": list(index), "values_int64s": list(index.values()), "default_int64": unknown}

    def get_config(self) -> dict[str, Any]:
        config = {**super().get_config(), "encoding": self.encoding}
        del config["vocabulary_dtype"]
        return config
