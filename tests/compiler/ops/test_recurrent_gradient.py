"""The gradients of recurrent ops that are written down, against those of their loops, which `residuals=False` has."""

import numpy as np
import pytest

from graphkeras.compiler import driver
from graphkeras.compiler.autodiff import gradients
from graphkeras.compiler.graph import Graph, Value
from graphkeras.compiler.ops.recurrent import ACTIVATIONS
from graphkeras.compiler.registry import OPS, ops
from graphkeras.compiler.types import TensorType
from tests.compiler.conformance import interpreter

BATCH, TIME, FEATURES, UNITS = 3, 5, 4, 2


def gradients_of(op, attrs, dtype, residuals, wanted, target="numpy"):
    """The outputs, and the gradients of the operands, given some for the results whose numbers are `wanted`."""
    rng = np.random.default_rng(3)
    states, gates = OPS[op].states, OPS[op].gates
    two_rows = op == "gru" and attrs.get("reset_after", True)
    shapes = [(BATCH, TIME, FEATURES), *((BATCH, UNITS),) * states, (FEATURES, gates * UNITS), (UNITS, gates * UNITS)]
    shapes += [(2, gates * UNITS) if two_rows else (gates * UNITS,)] if attrs["biased"] else []
    operands = [Value(TensorType(shape, dtype), f"operand_{k}") for k, shape in enumerate(shapes)]
    feeds = [rng.normal(size=shape).astype(dtype) for shape in shapes]
    mask = [Value(TensorType((BATCH, TIME), "bool"), "mask")] if attrs["masked"] else []
    masks = [np.array([[1, 1, 0, 1, 0], [0, 0, 1, 1, 1], [0, 0, 0, 0, 0]], bool)] if attrs["masked"] else []
    results = getattr(ops, op)(*operands, *mask, **attrs, residuals=residuals)
    seeds = [rng.normal(size=tuple(map(int, results[k].type.shape))).astype(dtype) for k in wanted]
    found = gradients([results[k] for k in wanted], operands, [ops.constant(value=seed) for seed in seeds])
    assert all(one is not None for one in found)
    graph = Graph.of([*operands, *mask], [*(results[k] for k in wanted), *found])
    return driver.compile_graph(graph, {}, target).executable.run([*feeds, *masks])


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("biased", [False, True])
@pytest.mark.parametrize("op", ["simple_rnn", "lstm", "gru"])
def test_options(op, biased, masked, reverse):
    attrs = {"biased": biased, "masked": masked, "reverse": reverse}
    for wanted in ([0], list(range(1, 1 + OPS[op].states)), list(range(1 + OPS[op].states))):
        written = gradients_of(op, attrs, "float64", True, wanted)
        for one, other in zip(written, gradients_of(op, attrs, "float64", False, wanted), strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("op", ["simple_rnn", "lstm", "gru"])
def test_activations(op, activation):
    attrs = {"biased": True, "masked": True, "reverse": False, "activation": activation}
    if op != "simple_rnn":
        attrs["recurrent_activation"] = activation
    written, whole = (gradients_of(op, attrs, "float64", residuals, [0, 1]) for residuals in (True, False))
    for one, other in zip(written, whole, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("target", ["onnxruntime", "triton"])
@pytest.mark.parametrize("op", ["simple_rnn", "lstm", "gru"])
def test_targets(op, target, monkeypatch):
    monkeypatch.setitem(driver._BACKENDS, "triton", interpreter())
    attrs = {"biased": True, "masked": True, "reverse": True}
    whole = gradients_of(op, attrs, "float32", False, [0, 1])
    for one, other in zip(gradients_of(op, attrs, "float32", True, [0, 1], target), whole, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


def test_reset_before_the_product_has_the_gradient_of_its_loop():
    attrs = {"biased": True, "masked": True, "reverse": False, "reset_after": False}
    kept, whole = (gradients_of("gru", attrs, "float64", residuals, [0, 1]) for residuals in (True, False))
    for one, other in zip(kept, whole, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("op, most", [("simple_rnn", 5), ("lstm", 9), ("gru", 6)])
def test_a_backward_round_takes_few_steps(op, most):
    """With a mask and gradients of all outputs."""
    states, gates = OPS[op].states, OPS[op].gates
    bias = (2, gates * UNITS) if op == "gru" else (gates * UNITS,)
    shapes = [(BATCH, TIME, FEATURES), *((BATCH, UNITS),) * states, (FEATURES, gates * UNITS), (UNITS, gates * UNITS), bias]
    operands = [Value(TensorType(shape)) for shape in shapes]
    mask = Value(TensorType((BATCH, TIME), "bool"))
    result = getattr(ops, op)(*operands, mask, masked=True, residuals=True)[0]
    graph = Graph.of([*operands, mask], gradients([ops.sum(result, axis=None)], operands))
    (loop,) = (node for node in graph.nodes if node.op.name == "scan" and node.attrs["body"].name.startswith("gradient_of"))
    steps = [node for node in loop.attrs["body"].nodes if node.op.name not in ("constant", "transpose")]
    assert len(steps) <= most, [node.op.name for node in steps]
