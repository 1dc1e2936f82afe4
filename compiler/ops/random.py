"""Random numbers as functions of a key: `random_bits`, `random_uniform`, `random_normal`.

Element i of a result depends on the key and on i only, by integer operations, so that every target gives the same bits and a
backward pass can make the same numbers again. `docs/randomness.md` tells how the generator was chosen, and its statistics.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

from ..dims import DimLike, Shape, size_of
from ..graph import Node
from ..registry import ops
from ..types import FLOATS, TensorType
from .base import REQUIRED, Arg, Composite, Op, Sample
from .elementwise import BATCH, check_arity, check_dtype
from .shape import canonical_shape

#: Random bits in one number: as many as a float of that dtype holds exactly, so that rounding never gives 1.
UNIFORM_BITS = {"bfloat16": 8, "float16": 11, "float32": 24, "float64": 53}


class RandomBits(Composite):
    """y = 32 random bits each, as uint32, from `key` = (seed, counter), a uint32[2]

    The hash is triple32 (C. Wellons, hash-prospector, 2018-2020: three rounds of shift, xor and multiply, whose constants were
    found by search for the least bias), with one word of the key added before the first round and one after it. The two
    words are made from (seed, counter) by a mapping that is one-to-one, so no two keys give the same stream.
    """

    name, differentiable = "random_bits", False
    attributes: ClassVar[Mapping[str, Any]] = {"shape": REQUIRED}

    def canonical(self, types: Sequence[TensorType], attrs: dict[str, Any]) -> dict[str, Any]:
        return {"shape": canonical_shape(self, attrs["shape"])}

    def infer(self, *types: TensorType, shape: Shape) -> TensorType:
        _check_key(self, types)
        return TensorType(shape, "uint32")

    def expand(self, key: Any, *, shape: Shape) -> Any:
        seed, counter = (ops.slice(key, starts=(k,), stops=(k + 1,)) for k in range(2))
        first = _lowbias32(seed * 0x9E3779B1 + counter + 0x7F4A7C15)  # the last: hashes map 0 to 0
        second = counter * 0x85EBCA77 + first
        x = ops.iota(size=size_of(shape), dtype="uint32") + first
        x = _folded(x, 17) * 0xED5AD4BB
        x = (_folded(x, 11) + second) * 0xAC4C1B51
        x = _folded(x, 15) * 0x31848BAB
        return ops.reshape(_folded(x, 14), shape=shape)

    def flops(self, node: Node) -> DimLike:
        return 0

    def samples(self) -> Iterator[Sample]:
        yield from _samples({})


def _lowbias32(x: Any) -> Any:
    """Wellons' two-round hash."""
    x = _folded(x, 16) * 0x7FEB352D
    x = _folded(x, 15) * 0x846CA68B
    return _folded(x, 16)


def _folded(x: Any, bits: int) -> Any:
    return ops.bitwise_xor(x, ops.right_shift(x, bits))


class RandomFloats(Composite):
    """Base of random floats from a key."""

    attributes: ClassVar[Mapping[str, Any]] = {"shape": REQUIRED, "dtype": "float32"}
    differentiable = False

    def canonical(self, types: Sequence[TensorType], attrs: dict[str, Any]) -> dict[str, Any]:
        return {"shape": canonical_shape(self, attrs["shape"]), "dtype": attrs["dtype"]}

    def infer(self, *types: TensorType, shape: Shape, dtype: str) -> TensorType:
        _check_key(self, types)
        check_dtype(self, dtype, FLOATS)
        return TensorType(shape, dtype)

    def samples(self) -> Iterator[Sample]:
        for dtype in FLOATS:
            yield from _samples({"dtype": dtype})


class RandomUniform(RandomFloats):
    """y in [0, 1): k / 2**n for a random integer k of n bits, with the n of `UNIFORM_BITS`

    The steps from bits to float are exact, so all targets give the same numbers.
    """

    name = "random_uniform"

    def expand(self, key: Any, *, shape: Shape, dtype: str) -> Any:
        count = UNIFORM_BITS[dtype]
        if dtype == "float64":
            words = ops.random_bits(key, shape=(2, *shape))
            high, low = (_row(words, k) for k in range(2))
            whole = _float64(ops.right_shift(high, 5)) * 2.0**26 + _float64(ops.right_shift(low, 6))
            return whole * 2.0**-count
        whole = ops.right_shift(ops.random_bits(key, shape=shape), 32 - count)
        return ops.cast(ops.cast(whole, dtype="float32") * 2.0**-count, dtype=dtype)


class RandomNormal(RandomFloats):
    """y from the normal distribution of mean 0 and variance 1, by the method of Box and Muller

    The random bits are the same on every target; logarithm, root and cosine may differ in the last digits.
    """

    name = "random_normal"

    def expand(self, key: Any, *, shape: Shape, dtype: str) -> Any:
        wide = "float64" if dtype == "float64" else "float32"
        uniform = ops.random_uniform(key, shape=(2, *shape), dtype=wide)
        radius = ops.sqrt(ops.log(1 - _row(uniform, 0)) * -2.0)
        return ops.cast(radius * ops.cos(_row(uniform, 1) * (2 * math.pi)), dtype=dtype)


def _row(x: Any, k: int) -> Any:
    """x[k]"""
    rest = x.type.shape[1:]
    row = ops.slice(x, starts=(k, *(0 for _ in rest)), stops=(k + 1, *rest))
    return ops.squeeze(row, axis=0)


def _float64(x: Any) -> Any:
    return ops.cast(x, dtype="float64")


def _check_key(op: Op, types: Sequence[TensorType]) -> None:
    check_arity(op, types, 1)
    if types[0] != TensorType((2,), "uint32"):
        raise TypeError(f"{op.name}: the key must be uint32[2], (seed, counter), got {types[0]}.")


def _samples(attrs: dict[str, Any]) -> Iterator[Sample]:
    for shape in ((2, 3, 5), (), (0, 3), (BATCH, 3)):
        yield Sample((Arg((2,), "uint32", 0, 2**32),), {"shape": shape, **attrs})
