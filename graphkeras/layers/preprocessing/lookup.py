"""Tokens, which are numbers or strings, as indices into a vocabulary: IntegerLookup and StringLookup.

The indices are, in this order: 0 for the mask token (if there is one, and only with output_mode="int"), `num_oov_indices` for
tokens that are not in the vocabulary, and the vocabulary.
"""

from __future__ import annotations

import collections
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any

import numpy as np

from ... import config as settings
from ... import ops
from ...tensor import KerasTensor
from ..input_spec import title
from .categories import ListLayer, encoded, refuse_sparse, require_mode

_MODES = ("int", "one_hot", "multi_hot", "count", "tf_idf")


class IndexLookup(ListLayer):
    """What IntegerLookup and StringLookup have in common: the vocabulary, and what becomes of the indices."""

    def __init__(
        self,
        max_tokens: int | None,
        num_oov_indices: int,
        mask_token: Any,
        oov_token: Any,
        vocabulary_dtype: str,
        vocabulary: Any = None,
        idf_weights: Any = None,
        invert: bool = False,
        output_mode: str = "int",
        sparse: bool = False,
        pad_to_max_tokens: bool = False,
        oov_method: str = "floormod",
        name: str | None = None,
        salt: Any = None,
        **kwargs: Any,
    ) -> None:
        known = ("trainable", "dtype", "vocabulary_size", "has_input_vocabulary")  # written by Keras; nothing to do for them
        super().__init__(name=name, **{key: value for key, value in kwargs.items() if key not in known})
        mode = {"binary": "multi_hot", "tf-idf": "tf_idf"}.get(output_mode, output_mode)
        require_mode(self, mode, ("int",) if invert else _MODES)
        refuse_sparse(self, sparse)
        if max_tokens is not None and max_tokens <= 1:
            raise ValueError(f"{title(self)}: max_tokens must be at least 2, got {max_tokens!r}.")
        if pad_to_max_tokens and max_tokens is None:
            raise ValueError(f"{title(self)}: pad_to_max_tokens=True needs max_tokens.")
        if num_oov_indices < 0:
            raise ValueError(f"{title(self)}: num_oov_indices must not be negative, got {num_oov_indices!r}.")
        hashes = vocabulary_dtype == "string" or oov_method != "floormod"
        if salt is not None or (num_oov_indices > 1 and hashes):
            raise NotImplementedError(
                f"{title(self)}: spreading unknown tokens over {num_oov_indices} indices by a hash of the token is not "
                "available here. Use num_oov_indices=1, without salt."
            )
        self.max_tokens, self.num_oov_indices = max_tokens, num_oov_indices
        self.mask_token, self.oov_token = mask_token, oov_token
        self.vocabulary_dtype, self.invert, self.output_mode, self.sparse = vocabulary_dtype, invert, mode, sparse
        self.pad_to_max_tokens, self.oov_method, self.salt = pad_to_max_tokens, oov_method, salt
        self.tokens: list[Any] = []
        self.idf_weights: Any = None
        self._adapts = vocabulary is None
        self._given = {"vocabulary": _as_list(vocabulary), "idf_weights": _as_list(idf_weights)}
        self.reset_state()
        if vocabulary is not None:
            self.set_vocabulary(vocabulary, idf_weights)
        self.built = True

    # ---- the vocabulary -----------------------------------------------------------------------------------------------

    @property
    def _mask_count(self) -> int:
        return 1 if self.mask_token is not None and self.output_mode == "int" else 0

    @property
    def _start(self) -> int:
        """The index of the first token of the vocabulary."""
        return self._mask_count + self.num_oov_indices

    def get_vocabulary(self, include_special_tokens: bool = True) -> list[Any]:
        """The tokens by index: the mask token, the token for unknown ones, and the vocabulary."""
        special = [self.mask_token] * self._mask_count + [self.oov_token] * self.num_oov_indices
        return [*special, *self.tokens] if include_special_tokens else list(self.tokens)

    def vocabulary_size(self) -> int:
        """The number of indices."""
        return self._start + len(self.tokens)

    def set_vocabulary(self, vocabulary: Sequence[Any], idf_weights: Any = None) -> None:
        """Replace the vocabulary.

        Args:
            vocabulary: different tokens; with or without the special ones at the start.
            idf_weights: with output_mode="tf_idf": a weight for each of them.

        Raises:
            ValueError: for an empty or too long vocabulary, a repeated token, or missing weights.
        """
        if isinstance(vocabulary, str):
            raise ValueError(
                f"{title(self)}: vocabulary must be a list of tokens, got the path {vocabulary!r}. Read the file first: "
                "open(path).read().split('\\n')."
            )
        if (idf_weights is not None) != (self.output_mode == "tf_idf"):
            raise ValueError(
                f"{title(self)}: idf_weights go with output_mode='tf_idf', and only with it; got {self.output_mode!r}."
            )
        given = [self._token(token) for token in np.asarray(vocabulary).tolist()]
        special = [self.mask_token] * self._mask_count + [self.oov_token] * self.num_oov_indices
        has_special = bool(special) and given[: self._start] == special
        tokens = given[self._start :] if has_special else given
        repeated = [token for token, count in collections.Counter(tokens).items() if count > 1]
        reserved = [token for token in (self.mask_token, self.oov_token if self.invert else None) if token in tokens]
        if not given or repeated or any(token is not None for token in reserved):
            wrong = f"repeats {repeated}" if repeated else f"holds the special {reserved}" if given else "is empty"
            raise ValueError(
                f"{title(self)}: the vocabulary {wrong}. It holds different tokens; special ones only first: {special}."
            )
        if self.max_tokens is not None and self._start + len(tokens) > self.max_tokens:
            raise ValueError(
                f"{title(self)}: the vocabulary takes {self._start + len(tokens)} indices, but max_tokens={self.max_tokens}."
            )
        self.tokens = tokens
        if idf_weights is not None:
            weights = np.asarray(idf_weights, settings.floatx())
            if weights.shape != (len(given),):
                raise ValueError(f"{title(self)}: {len(given)} tokens need as many idf_weights, got shape {weights.shape}.")
            self._set_weights_of_tokens(weights, 0 if has_special else self._start)

    def _set_weights_of_tokens(self, weights: Any, front: int) -> None:
        """Unknown tokens get the average weight, unused indices 0."""
        back = self._depth - front - len(weights)
        self.idf_weights = np.concatenate([np.full(front, weights.mean()), weights, np.zeros(back)]).astype(settings.floatx())

    @property
    def _depth(self) -> int:
        return self.max_tokens if self.pad_to_max_tokens and self.max_tokens is not None else self.vocabulary_size()

    def _token(self, token: Any) -> Any:
        raise NotImplementedError

    # ---- learning it --------------------------------------------------------------------------------------------------

    def adapt(self, data: Any, steps: int | None = None) -> None:
        """Make a vocabulary of the tokens in `data`: frequent ones first, equally frequent ones in descending order.

        Args:
            data: an array or a list of tokens or of documents, or an iterator of such arrays.
            steps: how many arrays to take; all by default.
        """
        self.reset_state()
        if hasattr(data, "shape") or isinstance(data, (list, tuple)):
            array = np.asarray(data)
            batches: Iterable[Any] = [array[:, None] if array.ndim == 1 else array]
        else:
            batches = islice(data, steps)
        for batch in batches:
            self.update_state(batch)
        self.finalize_state()

    def update_state(self, data: Any) -> None:
        """Count the tokens in an array (documents, tokens).

        Raises:
            ValueError: if the vocabulary was given to the constructor.
        """
        if not self._adapts:
            raise ValueError(
                f"{title(self)}: has a fixed vocabulary, so it cannot adapt. Make it without vocabulary=... instead."
            )
        array = np.asarray(data)
        for document in array.reshape(1, -1) if array.ndim < 2 else array:
            tokens = [self._token(token) for token in np.ravel(document).tolist()]
            self._counts.update(tokens)
            self._documents_with.update(set(tokens))
            self._documents += 1

    def finalize_state(self) -> None:
        """Make the vocabulary of the counts."""
        if not self._counts:
            return
        special = (self.mask_token, self.oov_token)
        ranked = sorted(((n, token) for token, n in self._counts.items() if token not in special), reverse=True)
        limit = None if self.max_tokens is None else self.max_tokens - self._start
        self.tokens = [token for _, token in ranked[:limit]]
        if self.output_mode == "tf_idf":
            documents = np.array([self._documents_with[token] for token in self.tokens])
            self._set_weights_of_tokens(np.log(1 + self._documents / (1 + documents)), self._start)
        self.reset_state()

    def reset_state(self) -> None:
        """Forget the counts."""
        self._counts: collections.Counter[Any] = collections.Counter()
        self._documents_with: collections.Counter[Any] = collections.Counter()
        self._documents = 0

    # ---- looking up ---------------------------------------------------------------------------------------------------

    def _require_vocabulary(self) -> None:
        if not self.tokens:
            raise ValueError(f"{title(self)}: has no vocabulary yet: call its adapt(data), or give vocabulary=[...].")

    def _require_known(self, unknown: Any) -> None:
        """With no index for unknown tokens, there must be none. (In a model that runs later, they become -1.)"""
        if self.num_oov_indices == 0 and len(unknown):
            raise ValueError(
                f"{title(self)}: {list(unknown)[:5]} are not in the vocabulary. num_oov_indices=1 would allow that."
            )

    def _encoded(self, indices: Any) -> Any:
        if self.output_mode == "int":
            return indices
        mode = "count" if self.output_mode == "tf_idf" else self.output_mode
        result = encoded(ops.cast(indices, "int32"), mode, self._depth, settings.floatx())
        return result * self.idf_weights if self.output_mode == "tf_idf" else result

    def get_config(self) -> dict[str, Any]:
        """Keras's config. An adapted vocabulary is in it, too, where Keras writes a file beside it."""
        found = self._given
        if self._adapts and self.tokens:
            weights = None if self.idf_weights is None else self.idf_weights[: self.vocabulary_size()]
            found = {"vocabulary": self.get_vocabulary(), "idf_weights": _as_list(weights)}
        return {
            **super().get_config(),
            "invert": self.invert,
            "max_tokens": self.max_tokens,
            "num_oov_indices": self.num_oov_indices,
            "oov_token": self.oov_token,
            "mask_token": self.mask_token,
            "output_mode": self.output_mode,
            "sparse": self.sparse,
            "pad_to_max_tokens": self.pad_to_max_tokens,
            "vocabulary_dtype": self.vocabulary_dtype,
            **found,
            "vocabulary_size": self.vocabulary_size() if self.tokens else None,
            "oov_method": self.oov_method,
            "salt": self.salt,
        }


def _as_list(numbers: Any) -> Any:
    return np.asarray(numbers).tolist() if isinstance(numbers, (np.ndarray, list, tuple)) else None


class IntegerLookup(IndexLookup):
    """Integers as indices into a vocabulary of integers; with `invert`, indices as integers.

    Args:
        max_tokens: the largest number of indices.
        num_oov_indices: indices for integers that are not in the vocabulary; integer n gets the one of n modulo their number.
        mask_token, oov_token: the integers that stand for "nothing" and for unknown ones.
        vocabulary: the integers; None if `adapt` finds them.
        output_mode: "int", "one_hot", "multi_hot", "count" or "tf_idf".
        pad_to_max_tokens: whether the last axis has size max_tokens even if the vocabulary is smaller.
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

    def call(self, inputs: Any) -> Any:
        self._require_vocabulary()
        inputs = ops.cast(inputs, "int64")
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
            known = ops.logical_or(known, masked)
        if isinstance(inputs, np.ndarray):
            self._require_known(np.unique(inputs[~np.asarray(known)]))
        return self._encoded(indices)


class StringLookup(IndexLookup):
    """Strings as indices into a vocabulary of strings; with `invert`, indices as strings. Computed outside of models.

    Models compute with numbers: apply the layer to the data before they go into the model.

    Args: as `IntegerLookup`, with strings for integers.
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
        kwargs.pop("oov_method", None)
        # fmt: off
        super().__init__(
            max_tokens, num_oov_indices, mask_token, oov_token, "string", vocabulary, idf_weights, invert, output_mode,
            sparse, pad_to_max_tokens, name=name, salt=salt, **kwargs,
        )
        # fmt: on

    def _token(self, token: Any) -> str:
        return token.decode(self.encoding) if isinstance(token, bytes) else str(token)

    def __call__(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(inputs, KerasTensor):
            raise TypeError(
                f"{title(self)}: works on strings, which models do not compute with. Call it on the data first, for example "
                "model.predict(lookup(words)), and give the model an Input(..., dtype='int64')."
            )
        return self.call(np.asarray(inputs))

    def call(self, inputs: Any) -> Any:
        self._require_vocabulary()
        table = self.get_vocabulary()
        if self.invert:
            return np.array([table[i] if 0 <= i < len(table) else self.oov_token for i in inputs.ravel()]).reshape(inputs.shape)
        index = {token: self._start + k for k, token in enumerate(self.tokens)}
        if self.mask_token is not None:
            index[self.mask_token] = 0 if self.output_mode == "int" else -1
        words = [self._token(word) for word in inputs.ravel().tolist()]
        self._require_known(sorted({word for word in words if word not in index}))
        indices = np.array([index.get(word, self._mask_count) for word in words], np.int64)
        return self._encoded(indices.reshape(inputs.shape))

    def get_config(self) -> dict[str, Any]:
        config = {**super().get_config(), "encoding": self.encoding}
        del config["vocabulary_dtype"]
        return config
