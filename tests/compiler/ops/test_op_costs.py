"""The floating-point operations that ops count."""

from __future__ import annotations

from typing import Any

import pytest

import graphkeras.compiler.ops  # noqa: F401  (fills the registry)
from graphkeras.compiler.dims import Dim, DimLike
from graphkeras.compiler.graph import Value
from graphkeras.compiler.registry import ops
from graphkeras.compiler.types import TensorType

BATCH = Dim.symbol("batch")


def symbol(shape: tuple[Any, ...], dtype: str = "float32") -> Value:
    return Value(TensorType(shape, dtype), "x")


def flops(value: Value) -> DimLike:
    assert value.node is not None
    return value.node.op.flops(value.node)


@pytest.mark.parametrize(
    "value, expected",
    [
        (ops.matmul(symbol((7, 11)), symbol((11, 13))), 2 * 7 * 11 * 13),
        (ops.matmul(symbol((BATCH, 7, 11)), symbol((11, 13))), BATCH * (2 * 7 * 11 * 13)),
        (ops.matmul(symbol((BATCH, 11)), symbol((11, 13))), BATCH * (2 * 11 * 13)),
        (ops.sum(symbol((3, 5)), axis=0), 15),
        (ops.sum(symbol((3, 5), "int32"), axis=0), 0),
        (ops.mean(symbol((BATCH, 5)), axis=1), BATCH * 5),
        (ops.add(symbol((3, 1)), symbol((5,))), 15),
        (ops.exp(symbol((BATCH, 2))), BATCH * 16),
        (ops.reshape(symbol((3, 5)), shape=(15,)), 0),
        (ops.transpose(symbol((3, 5))), 0),
        (ops.take(symbol((9, 5)), symbol((4,), "int32")), 0),
        (ops.scatter_add(symbol((4,), "int32"), symbol((4, 5)), size=9), 20),
        (ops.random_bits(symbol((2,), "uint32"), shape=(8,)), 0),
    ],
)
def test_floating_point_operations(value: Value, expected: DimLike) -> None:
    assert flops(value) == expected


def test_a_composite_costs_what_it_expands_to() -> None:
    x = symbol((2, 3))
    assert flops(ops.silu(x)) == flops(ops.sigmoid(x)) + 6  # and one product for each element
