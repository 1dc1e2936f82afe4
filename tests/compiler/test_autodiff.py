"""Gradients as a whole; the rule of every op is checked against finite differences in tests/compiler/ops."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import graphkeras.compiler.ops  # noqa: F401  (fills the registry)
from graphkeras.compiler.autodiff import gradients, unbroadcast
from graphkeras.compiler.dims import Dim
from graphkeras.compiler.executables.reference import evaluate_graph
from graphkeras.compiler.graph import Graph, Value
from graphkeras.compiler.ops.base import Op
from graphkeras.compiler.provenance import scope
from graphkeras.compiler.registry import OPS, ops
from graphkeras.compiler.types import TensorType

BATCH = Dim.symbol("batch")


def symbol(shape: tuple[Any, ...], dtype: str = "float64", name: str = "x") -> Value:
    return Value(TensorType(shape, dtype), name)


def evaluated(value: Value | None, feeds: dict[Value, Any]) -> np.ndarray[Any, Any]:
    assert value is not None
    arrays = [np.asarray(feed, value.type.dtype) for value, feed in feeds.items()]
    return evaluate_graph(Graph.of(list(feeds), [value]), arrays)[0][0]


def test_a_value_that_is_used_twice_gets_the_sum() -> None:
    x = symbol(())
    (gradient,) = gradients([x * x + x], [x])
    assert evaluated(gradient, {x: 3.0}) == 7.0


def test_the_same_operand_twice() -> None:
    x = symbol((2, 2))
    (gradient,) = gradients([ops.sum(ops.matmul(x, x))], [x])
    a = np.array([[1.0, 2.0], [3.0, 5.0]])
    np.testing.assert_allclose(evaluated(gradient, {x: a}), np.ones((2, 2)) @ a.T + a.T @ np.ones((2, 2)))


def test_an_output_that_is_an_input_has_gradient_one() -> None:
    x = symbol((2,))
    (gradient,) = gradients([x], [x])
    np.testing.assert_array_equal(evaluated(gradient, {x: [5.0, 6.0]}), [1.0, 1.0])


def test_an_intermediate_value_and_its_source_at_once() -> None:
    x = symbol(())
    y = x * 2.0
    of_y, of_x = gradients([y * y], [y, x])
    assert evaluated(of_y, {x: 3.0}) == 12.0
    assert evaluated(of_x, {x: 3.0}) == 24.0


def test_several_outputs_and_given_gradients() -> None:
    x, seed = symbol(()), symbol((), name="seed")
    (gradient,) = gradients([x * 2.0, x * x], [x], [seed, None])
    assert evaluated(gradient, {x: 3.0, seed: 10.0}) == 26.0


def test_none_where_nothing_flows() -> None:
    x, y = symbol(()), symbol((), name="y")
    assert gradients([x * 1.0], [y]) == (None,)
    assert gradients([ops.stop_gradient(x) + y], [x]) == (None,)
    assert gradients([ops.floor(x)], [x]) == (None,)


def test_stop_gradient_stops_one_path_only() -> None:
    x = symbol(())
    (gradient,) = gradients([ops.stop_gradient(x) * x], [x])
    assert evaluated(gradient, {x: 3.0}) == 3.0


@pytest.mark.parametrize("shape", [(), (1,), (3,), (2, 1), (1, 3), (2, 3), (1, 1)])
def test_gradients_of_broadcast_operands_are_summed_back(shape: tuple[int, ...]) -> None:
    x = symbol((2, 3))
    given = np.arange(6.0).reshape(2, 3)
    aligned = (1,) * (2 - len(shape)) + shape
    expected = given.sum(axis=tuple(k for k in range(2) if aligned[k] == 1), keepdims=True).reshape(shape)
    result = evaluated(unbroadcast(x, TensorType(shape, "float64")), {x: given})
    assert result.shape == shape
    np.testing.assert_array_equal(result, expected)


def test_a_symbolic_batch_is_summed_back() -> None:
    x, bias = symbol((BATCH, 3)), symbol((3,), name="bias")
    (gradient,) = gradients([ops.sum(x + bias)], [bias])
    assert gradient is not None and gradient.type.shape == (3,)
    np.testing.assert_array_equal(evaluated(gradient, {x: np.zeros((5, 3)), bias: np.zeros(3)}), [5.0, 5.0, 5.0])


def test_the_mean_over_a_symbolic_batch() -> None:
    x = symbol((BATCH, 2))
    (gradient,) = gradients([ops.mean(ops.square(x))], [x])
    np.testing.assert_allclose(evaluated(gradient, {x: np.ones((4, 2))}), np.full((4, 2), 2.0 / 8.0))


def test_third_derivative() -> None:
    x = symbol(())
    value: Value | None = ops.tanh(x)
    for _ in range(3):
        assert value is not None
        (value,) = gradients([value], [x])
    t = np.tanh(0.3)
    assert abs(evaluated(value, {x: 0.3}) - (1 - t * t) * (6 * t * t - 2)) < 1e-14


def test_elements_that_tie_share_the_gradient() -> None:
    x = symbol((4,))
    (gradient,) = gradients([ops.max(x)], [x])
    np.testing.assert_array_equal(evaluated(gradient, {x: [1.0, 3.0, 3.0, 2.0]}), [0.0, 0.5, 0.5, 0.0])
    (gradient,) = gradients([ops.maximum(x, 3.0)], [x])
    np.testing.assert_array_equal(evaluated(gradient, {x: [1.0, 3.0, 3.5, 2.0]}), [0.0, 0.5, 1.0, 0.0])


def test_the_gradient_of_a_product_with_zeros() -> None:
    x = symbol((2, 3))
    given = {x: [[2.0, 0.0, 3.0], [0.0, 0.0, 5.0]]}
    (gradient,) = gradients([ops.prod(x, axis=1)], [x])
    np.testing.assert_array_equal(evaluated(gradient, given), [[0.0, 6.0, 0.0], [0.0, 0.0, 0.0]])


def test_the_gradient_of_power_at_zero_is_finite() -> None:
    a, b = symbol((3,), name="a"), symbol((3,), name="b")
    of_a, of_b = gradients([ops.power(a, b)], [a, b])
    feeds = {a: [0.0, 0.0, 2.0], b: [0.0, 2.0, 0.0]}
    np.testing.assert_array_equal(evaluated(of_a, feeds), [0.0, 0.0, 0.0])
    np.testing.assert_allclose(evaluated(of_b, feeds), [0.0, 0.0, np.log(2.0)])


def test_the_gradient_passes_on_the_bounds_of_clip() -> None:
    x = symbol((4,))
    (gradient,) = gradients([ops.clip(x, low=-1.0, high=1.0)], [x])
    np.testing.assert_array_equal(evaluated(gradient, {x: [-2.0, -1.0, 0.0, 3.0]}), [0.0, 1.0, 1.0, 0.0])


def test_gradient_nodes_remember_layer_and_forward_op() -> None:
    x = symbol(())
    with scope("dense"):
        y = ops.tanh(x)
    (gradient,) = gradients([y], [x])
    assert gradient is not None and gradient.node is not None
    assert gradient.node.origin.scope == "dense"
    assert gradient.node.origin.forward == "tanh"


def test_a_composite_whose_operands_depend_on_each_other() -> None:
    """Its expansion must not be differentiated through the operands' own past."""
    logits = symbol((2, 3))
    targets = ops.softmax(logits * 2.0)
    direct = gradients([ops.sum(ops.sigmoid_cross_entropy(logits, targets))], [logits])[0]
    spelled = gradients([ops.sum(ops.softplus(logits) - logits * targets)], [logits])[0]
    given = {logits: [[0.1, -0.5, 2.0], [1.0, 0.0, -1.0]]}
    np.testing.assert_allclose(evaluated(direct, given), evaluated(spelled, given), rtol=1e-12)
    approximate = gradients([ops.sum(ops.gelu(logits * logits, approximate=True))], [logits])[0]
    h = 1e-6
    values = [np.asarray(given[logits]) + sign * h for sign in (1, -1)]
    slope = np.subtract(*[evaluated(ops.gelu(logits * logits, approximate=True), {logits: value}) for value in values]) / (
        2 * h
    )
    np.testing.assert_allclose(evaluated(approximate, given), slope, atol=1e-8)


def test_only_floats_have_gradients() -> None:
    x = symbol((2,), "int32")
    with pytest.raises(TypeError, match=r"only float tensors can be differentiated, got an output of type int32\[2\]"):
        gradients([x], [x])


def test_given_gradients_must_have_the_type_of_the_outputs() -> None:
    x = symbol((2,))
    with pytest.raises(ValueError, match=r"grad_outputs must have the types of outputs, got float64\[3\] for float64\[2\]"):
        gradients([x], [x], [symbol((3,))])


def test_an_op_without_rule_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(OPS["tanh"]), "vjp", Op.vjp)
    x = symbol(())
    with pytest.raises(NotImplementedError, match=r"'tanh' has no vjp rule; add Tanh.vjp in .*exponential.py"):
        gradients([ops.tanh(x)], [x])


def test_a_rule_that_forgets_an_operand_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(OPS["tanh"]), "vjp", lambda self, grad, out, x: ())
    x = symbol(())
    with pytest.raises(RuntimeError, match=r"tanh.vjp returned 0 gradients for 1 operands"):
        gradients([ops.tanh(x)], [x])
