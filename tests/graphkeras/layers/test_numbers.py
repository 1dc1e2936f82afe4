"""A few layers against NumPy by hand; `test_against_keras.py` compares all of them with real Keras."""

import numpy as np
import pytest

from graphkeras import Input, initializers, layers
from graphkeras.tracing import StaticFunction
from tests.graphkeras.layers.cases import CASES, IMAGES, X, Y


@pytest.mark.parametrize(
    ("layer", "inputs", "expected"),
    [
        (
            layers.Dense(2, kernel_initializer="ones", bias_initializer=initializers.Constant(3)),
            X,
            X.sum(1, keepdims=True).repeat(2, 1) + 3,
        ),
        (layers.Flatten(), IMAGES, IMAGES.reshape(2, 60)),
        (layers.Permute((2, 1, 3)), IMAGES, IMAGES.transpose(0, 2, 1, 3)),
        (layers.Average(), [X, Y], (X + Y) / 2),
        (layers.Concatenate(axis=0), [X, Y], np.concatenate([X, Y])),
        (layers.Rescaling(1 / 255, offset=[1, 2, 3, 4, 5]), X, X / 255 + np.arange(1, 6)),
        (layers.Lambda(lambda x: x**2), X, X**2),
        (layers.LayerNormalization(), X, (X - X.mean(1, keepdims=True)) / np.sqrt(X.var(1, keepdims=True) + 1e-3)),
    ],
    ids=lambda part: getattr(part, "name", ""),
)
def test_by_hand(layer, inputs, expected):
    np.testing.assert_allclose(layer(inputs), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("number", range(len(CASES)), ids=lambda number: CASES[number].label)
def test_symbols_programs_and_arrays_agree(number, numpy_target):
    """Shapes on symbols, `compute_output_shape`, the compiled program and the eager call say the same."""
    case = CASES[number]
    layer = getattr(layers, case.name)(**case.config)
    options = {} if case.training is None else {"training": case.training}
    eager = layer(case.inputs, **options)
    several = isinstance(case.inputs, list)
    tensors = [Input(x.shape[1:], dtype=x.dtype) for x in (case.inputs if several else [case.inputs])]
    symbolic = layer(tensors if several else tensors[0], **options)
    assert symbolic.shape == (None, *eager.shape[1:]) and symbolic.dtype == eager.dtype.name
    shapes = [(None, *x.shape[1:]) for x in case.inputs] if several else (None, *case.inputs.shape[1:])
    assert tuple(layer.compute_output_shape(shapes)) == symbolic.shape
    program = StaticFunction(lambda x: layer(x, **options), case.name)
    np.testing.assert_allclose(program(case.inputs), eager, rtol=1e-5, atol=1e-6)
