"""`IndexLookup`: the vocabulary of the layers that give tokens indices, how it is found, stored, and what becomes of indices.

The indices are, in this order: 0 for the mask token (if there is one, and only with output_mode="int"), `num_oov_indices` for
tokens that are not in the vocabulary, and the vocabulary.
"""

from __future__ import annotations

import collections
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import numpy as np

from graphkeras.compiler.types import TensorType

from ... import config as settings
from ... import ops
from ...saving.serialization import in_safe_mode
from ...tensor import KerasTensor
from ...variable import count_placement
from ..input_spec import title
from .adapting import batches_of
from .categories import encoded, refuse_sparse, require_mode
from .hashing import bins_of, checked_salt
from .host_layer import Array, HostLayer

_MODES = ("int", "one_hot", "multi_hot", "count", "tf_idf")


class IndexLookup(HostLayer):
    """What IntegerLookup and StringLookup have in common.

    A vocabulary that was given to the constructor is part of the config. One that was found by `adapt`, set later or read from
    a file is stored as Keras does: in the file ``vocabulary.txt`` among the assets of a model's file, one token a line.
    """

    #: The arrays in files are as long as the vocabulary was.
    stores_varying_arrays = True

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
        has_vocabulary = kwargs.pop("has_input_vocabulary", vocabulary is not None)
        vocabulary_size = kwargs.pop("vocabulary_size", None)
        known = ("trainable", "dtype")  # in configs; nothing to do for them
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
        if oov_method not in ("floormod", "farmhash"):
            raise ValueError(f"{title(self)}: oov_method must be 'floormod' or 'farmhash', got {oov_method!r}.")
        if salt is not None and vocabulary_dtype != "string" and oov_method != "farmhash":
            raise ValueError(f"{title(self)}: salt needs oov_method='farmhash', which is {oov_method!r}.")
        self.max_tokens, self.num_oov_indices = max_tokens, num_oov_indices
        self.mask_token, self.oov_token = mask_token, oov_token
        self.vocabulary_dtype, self.invert, self.output_mode, self.sparse = vocabulary_dtype, invert, mode, sparse
        self.pad_to_max_tokens, self.oov_method, self.salt = pad_to_max_tokens, oov_method, checked_salt(self, salt)
        self.tokens: list[Any] = []
        self.idf_weights: Any = None
        self._size_in_models: int | None = None  # the number of indices that graphs were made for
        self._adapts = not has_vocabulary
        self._given = {"vocabulary": _as_list(vocabulary), "idf_weights": _as_list(idf_weights)}
        self.reset_state()
        if vocabulary is not None:
            self.set_vocabulary(vocabulary, idf_weights)
        elif mode != "int" and vocabulary_size is not None and vocabulary_size > self._start:
            self._size_in_models = vocabulary_size  # the vocabulary itself comes from a file
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

    def set_vocabulary(self, vocabulary: Any, idf_weights: Any = None) -> None:
        """Replace the vocabulary.

        Args:
            vocabulary: different tokens, with or without the special ones at the start; or the path of a UTF-8 text file with
                one token a line.
            idf_weights: with output_mode="tf_idf": a weight for each of them.

        Raises:
            ValueError: for an empty or too long vocabulary, a repeated token, or missing weights; for another size than models
                were made for.
            FileNotFoundError: if there is no such file.
        """
        if isinstance(vocabulary, (str, Path)):
            vocabulary = self._read_vocabulary(Path(vocabulary))
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
        self._set_tokens(tokens)
        if idf_weights is not None:
            weights = np.asarray(idf_weights, settings.floatx())
            if weights.shape != (len(given),):
                raise ValueError(f"{title(self)}: {len(given)} tokens need as many idf_weights, got shape {weights.shape}.")
            self._set_weights_of_tokens(weights, 0 if has_special else self._start)

    def _set_tokens(self, tokens: list[Any]) -> None:
        """Raises ValueError if models have been made for another size."""
        size = self._size_in_models
        if size is not None and not self.pad_to_max_tokens and self._start + len(tokens) != size:
            raise ValueError(
                f"{title(self)}: models were made with a vocabulary of {size} indices, so that it must keep that size with "
                f"output_mode={self.output_mode!r}; got {self._start + len(tokens)}. Set pad_to_max_tokens=True, or make a new "
                "layer."
            )
        self.tokens = tokens
        count_placement()  # programs may hold the old tokens: they are compiled anew

    def _read_vocabulary(self, path: Path) -> list[str]:
        """The lines of a file."""
        if self.output_mode == "tf_idf":
            raise ValueError(f"{title(self)}: output_mode='tf_idf' needs tokens and idf_weights, got a file of tokens.")
        lines = path.read_text(encoding="utf-8").split("\n")
        return lines[:-1] if lines and not lines[-1] else lines

    def _set_weights_of_tokens(self, weights: Any, front: int) -> None:
        """Unknown tokens get the average weight, unused indices 0."""
        back = self._depth - front - len(weights)
        self.idf_weights = np.concatenate([np.full(front, weights.mean()), weights, np.zeros(back)]).astype(settings.floatx())

    @property
    def _depth(self) -> int:
        if self.pad_to_max_tokens and self.max_tokens is not None:
            return self.max_tokens
        return self.vocabulary_size() if self.tokens else self._size_in_models or self.vocabulary_size()

    def _token(self, token: Any) -> Any:
        raise NotImplementedError

    # ---- learning it --------------------------------------------------------------------------------------------------

    def adapt(self, data: Any, steps: int | None = None) -> None:
        """Make a vocabulary of the tokens in `data`: frequent ones first, equally frequent ones in descending order.

        Args:
            data: an array or a list of tokens or of documents, a data set, or anything else that yields such arrays.
            steps: how many arrays to take; all by default.
        """
        self.reset_state()
        for batch in batches_of(data, steps, self):
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
        self._set_tokens([token for _, token in ranked[:limit]])
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

    def _index(self) -> dict[Any, int]:
        index = {token: self._start + k for k, token in enumerate(self.tokens)}
        if self.mask_token is not None:
            index[self.mask_token] = 0 if self.output_mode == "int" else -1
        return index

    def computed(self, *arrays: Array) -> Array:
        (array,) = arrays
        self._require_vocabulary()
        table = self.get_vocabulary()
        if self.invert:
            found = [table[i] if 0 <= i < len(table) else self.oov_token for i in array.ravel().tolist()]
            return np.array(found).reshape(array.shape)
        index = self._index()
        tokens = [self._token(token) for token in array.ravel().tolist()]
        indices = np.array([index.get(token, -2) for token in tokens], np.int64)
        unknown = np.flatnonzero(indices == -2)
        if len(unknown):
            indices[unknown] = self._unknown(np.array([tokens[place] for place in unknown], object))
        return indices.reshape(array.shape)

    def _unknown(self, tokens: Array) -> Any:
        """The indices of tokens that are not in the vocabulary.

        Raises:
            ValueError: if there is no index for them.
        """
        if self.num_oov_indices == 0:
            raise ValueError(
                f"{title(self)}: {sorted(set(tokens.tolist()))[:5]} are not in the vocabulary. num_oov_indices=1 would allow "
                "that."
            )
        if self.num_oov_indices == 1:
            return self._mask_count
        if self.vocabulary_dtype != "string" and self.oov_method == "floormod":
            return tokens.astype(np.int64) % self.num_oov_indices + self._mask_count
        return bins_of(tokens, self.num_oov_indices, self.salt) + self._mask_count

    def computed_type(self, *types: TensorType) -> TensorType:
        return types[0].with_dtype(self.vocabulary_dtype if self.invert else "int64")

    def encoded(self, numbers: Any) -> Any:
        if self.output_mode == "int":
            return numbers
        if isinstance(numbers, KerasTensor):
            if not self.pad_to_max_tokens and self._size_in_models is None:
                self._require_vocabulary()
            self._size_in_models = self._size_in_models or self.vocabulary_size()
        mode = "count" if self.output_mode == "tf_idf" else self.output_mode
        result = encoded(ops.cast(numbers, "int32"), mode, self._depth, settings.floatx())
        if self.output_mode != "tf_idf":
            return result
        return result * (np.zeros(self._depth, settings.floatx()) if self.idf_weights is None else self.idf_weights)

    # ---- configs and files --------------------------------------------------------------------------------------------

    def get_config(self) -> dict[str, Any]:
        """The arguments of the constructor. A vocabulary that was found later is not in it: see `save_assets`."""
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
            **self._given,
            "vocabulary_size": self.vocabulary_size() if self.tokens else None,
            "oov_method": self.oov_method,
            "salt": self.salt,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        refuse_foreign_files(cls.__name__, config)
        return super().from_config(config)

    def save_own_variables(self, store: dict[str, Any]) -> None:
        """The weights of tf_idf, under Keras's key."""
        if self.output_mode == "tf_idf" and self.idf_weights is not None:
            store["idf_weights"] = self.idf_weights

    def load_own_variables(self, store: Mapping[str, Any]) -> None:
        if "idf_weights" in store:
            self.idf_weights = np.asarray(store["idf_weights"], settings.floatx())

    def save_assets(self, dir_path: Any) -> None:
        """Write the vocabulary to ``vocabulary.txt`` in a folder, special tokens included, unless the config holds it.

        Raises:
            ValueError: for tokens with line breaks, which such a file cannot hold.
        """
        if self._given["vocabulary"] is not None or not self.tokens:
            return
        tokens = [str(token) for token in self.get_vocabulary()]
        broken = [token for token in tokens if len(token.splitlines()) > 1 or token.endswith("\n")]
        if broken:
            raise ValueError(
                f"{title(self)}: the token {broken[0]!r} has a line break, and files hold one token a line. Split or clean the "
                "texts before adapt, or give the vocabulary to the constructor: then it is in the config."
            )
        (Path(dir_path) / _VOCABULARY).write_text("\n".join(tokens), encoding="utf-8", newline="\n")

    def load_assets(self, dir_path: Any) -> None:
        """Read what `save_assets` wrote, or Keras."""
        path = Path(dir_path) / _VOCABULARY
        if self._given["vocabulary"] is not None or not path.is_file():
            return
        tokens: list[Any] = path.read_text(encoding="utf-8").split("\n")
        while tokens and not tokens[-1]:
            tokens.pop()
        if self.vocabulary_dtype != "string":
            tokens = [int(token) for token in tokens]
        weights = self.idf_weights
        self.set_vocabulary(tokens, None if weights is None else weights[: len(tokens)])


_VOCABULARY = "vocabulary.txt"


def refuse_foreign_files(name: str, config: Mapping[str, Any]) -> None:
    """Raises ValueError if a config names a vocabulary file: a model's file could make the program read any other."""
    if isinstance(config.get("vocabulary"), str) and in_safe_mode():
        raise ValueError(
            f"{name}: the config names the vocabulary file {config['vocabulary']!r}, and reading files that a config names is "
            "refused. If you trust its source, load with safe_mode=False."
        )


def _as_list(numbers: Any) -> Any:
    return np.asarray(numbers).tolist() if isinstance(numbers, (np.ndarray, list, tuple)) else None
