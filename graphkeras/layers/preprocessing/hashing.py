"""Categories without a vocabulary: Hashing and HashedCrossing give every value the bin that a hash of it says."""

from __future__ import annotations

from typing import Any

import numpy as np

from graphkeras.compiler.types import STRING, TensorType

from ... import config as settings
from ..input_spec import title
from .categories import encoded, refuse_sparse, require_mode
from .host_layer import Array, HostLayer, texts_of
from .string_hashes import concatenated, fingerprint64, sip_hash

#: The first operand of the hashes of crossings: TensorFlow's default key.
_CROSSING_KEY = np.uint64(0xDECAFCAFFE)


def checked_salt(layer: Any, salt: Any) -> list[int] | None:
    """A salt as a key of two integers.

    Raises:
        ValueError: for something else than an integer, or two, or None.
    """
    if salt is None:
        return None
    numbers = [salt, salt] if isinstance(salt, int) else list(salt) if isinstance(salt, (list, tuple)) else []
    if len(numbers) != 2 or not all(isinstance(number, (int, np.integer)) for number in numbers):
        raise ValueError(f"{title(layer)}: salt must be an integer or two, got {salt!r}.")
    return [int(number) for number in numbers]


def bins_of(array: Array, count: int, salt: list[int] | None) -> Array:
    """The bin of every string or integer, from 0 to count - 1: a remainder of Fingerprint64, or with a salt of SipHash."""
    if array.dtype.kind == "f":
        array = array.astype(np.int64)
    texts = [text.encode() for text in texts_of(array)]
    hashes = fingerprint64(texts) if salt is None else sip_hash(texts, salt)
    return (hashes % np.uint64(count)).astype(np.int64).reshape(array.shape)


class Hashing(HostLayer):
    """Strings or integers as bins that their hashes say: different values may share one.

    Computed on the host with the hashes that Keras uses, so that bins agree: FarmHash's Fingerprint64, or SipHash with a salt.

    Args:
        num_bins: how many bins there are, the one of `mask_value` included.
        mask_value: the value that gets bin 0; others get bins from 1 on.
        salt: an integer, or two: the key of SipHash.
        output_mode: "int", "one_hot", "multi_hot" or "count".

    Raises:
        ValueError: for no number of bins, a wrong salt, or a dtype that is no integer for "int".
    """

    def __init__(
        self,
        num_bins: int,
        mask_value: Any = None,
        salt: Any = None,
        output_mode: str = "int",
        sparse: bool = False,
        **kwargs: Any,
    ) -> None:
        if kwargs.get("dtype") is None:
            kwargs["dtype"] = "int64" if output_mode == "int" else settings.floatx()
        super().__init__(**kwargs)
        require_mode(self, output_mode, ("int", "one_hot", "multi_hot", "count"))
        refuse_sparse(self, sparse)
        if num_bins is None or num_bins <= 0:
            raise ValueError(f"{title(self)}: num_bins must be at least 1, got {num_bins!r}.")
        if output_mode == "int" and self.dtype not in ("int32", "int64"):
            raise ValueError(f"{title(self)}: dtype must be 'int32' or 'int64' with output_mode='int', got {self.dtype!r}.")
        self.num_bins, self.mask_value, self.salt = num_bins, mask_value, checked_salt(self, salt)
        self.output_mode, self.sparse = output_mode, sparse
        self.built = True

    def computed(self, *arrays: Array) -> Array:
        (array,) = arrays
        masks = self.mask_value is not None and self.num_bins > 1
        bins = bins_of(array, self.num_bins - masks, self.salt)
        if masks:
            values = np.array(texts_of(array), object).reshape(array.shape) if array.dtype == object else array
            bins = np.where(values == self.mask_value, 0, bins + 1)
        return bins

    def computed_type(self, *types: TensorType) -> TensorType:
        return types[0].with_dtype("int64")

    def encoded(self, numbers: Any) -> Any:
        return encoded(numbers, self.output_mode, self.num_bins, self.dtype)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "num_bins": self.num_bins,
            "salt": self.salt,
            "mask_value": self.mask_value,
            "output_mode": self.output_mode,
            "sparse": self.sparse,
        }


class HashedCrossing(HostLayer):
    """Combinations of several features as bins that a hash of all their values says.

    Called on a list of strings or integers of one shape: (), (n,) or (n, 1).

    Args:
        num_bins: how many bins there are.
        output_mode: "int" or "one_hot".
    """

    def __init__(
        self,
        num_bins: int,
        output_mode: str = "int",
        sparse: bool = False,
        name: str | None = None,
        dtype: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, dtype=dtype or ("int64" if output_mode == "int" else None), **kwargs)
        require_mode(self, output_mode, ("int", "one_hot"))
        refuse_sparse(self, sparse)
        if num_bins is None or num_bins <= 0:
            raise ValueError(f"{title(self)}: num_bins must be at least 1, got {num_bins!r}.")
        self.num_bins, self.output_mode, self.sparse = num_bins, output_mode, sparse
        self.built = True

    def _check(self, shapes: list[Any], dtypes: list[Any]) -> None:
        if len(shapes) < 2:
            raise ValueError(f"{title(self)}: crosses two features or more, got {len(shapes)}. Call it on a list of them.")
        if len(shapes[0]) > 2 or (len(shapes[0]) == 2 and shapes[0][-1] != 1) or any(shape != shapes[0] for shape in shapes):
            shown = ", ".join(map(str, shapes))
            raise ValueError(f"{title(self)}: features must have one shape, (), (n,) or (n, 1); got {shown}.")
        wrong = [str(dtype) for dtype in dtypes if not ("int" in str(dtype) or str(dtype) in (STRING, "object"))]
        if wrong:
            raise ValueError(f"{title(self)}: features must be strings or integers, got {', '.join(wrong)}.")

    def computed(self, *arrays: Array) -> Array:
        self._check([array.shape for array in arrays], [array.dtype for array in arrays])
        crossed = np.full(arrays[0].size, _CROSSING_KEY)
        for array in arrays:
            flat = array.ravel()
            own = fingerprint64([text.encode() for text in texts_of(flat)]) if flat.dtype == object else flat.astype(np.uint64)
            crossed = concatenated(crossed, own)
        return (crossed % np.uint64(self.num_bins)).astype(np.int64).reshape(arrays[0].shape)

    def computed_type(self, *types: TensorType) -> TensorType:
        self._check([type_.shape for type_ in types], [type_.dtype for type_ in types])
        return types[0].with_dtype("int64")

    def encoded(self, numbers: Any) -> Any:
        return encoded(numbers, self.output_mode, self.num_bins, self.compute_dtype)

    def get_config(self) -> dict[str, Any]:
        return {
            "num_bins": self.num_bins,
            "output_mode": self.output_mode,
            "sparse": self.sparse,
            "name": self.name,
            "dtype": self.dtype,
        }
