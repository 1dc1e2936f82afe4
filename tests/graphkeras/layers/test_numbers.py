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


def test_group_normalization_with_a_group_for_each_channel():
    everyone, each = layers.GroupNormalization(5), layers.GroupNormalization(-1)
    np.testing.assert_array_equal(each(IMAGES), everyone(IMAGES))
    assert each.get_config()["groups"] == 5


@pytest.mark.parametrize("groups", [0, -2, 2.0, 2])
def test_group_normalization_refuses_groups_that_do_not_fit(groups):
    with pytest.raises(ValueError, match=r"groups"):
        layers.GroupNormalization(groups)(IMAGES)


def test_batch_normalization_counts_what_the_mask_lets_through():
    x = np.random.default_rng(0).normal(3, 2, (4, 6, 3)).astype("float32")
    mask = np.arange(6) < np.array([[6], [2], [0], [5]])
    layer = layers.BatchNormalization(momentum=0.0)
    found = layer(x, training=True, mask=mask)
    mean, variance = x[mask].mean(0), x[mask].var(0)
    np.testing.assert_allclose(layer.get_weights()[2:], [mean, variance], rtol=1e-5)
    np.testing.assert_allclose(found, (x - mean) / np.sqrt(variance + 1e-3), rtol=1e-4, atol=1e-5)
    with pytest.raises(ValueError, match="one axis less"):
        layer(x, training=True, mask=mask[:, :, None])


@pytest.mark.parametrize("name", ["BatchNormalization", "LayerNormalization", "GroupNormalization"])
def test_normalization_in_mixed_precision_is_computed_in_float32(name):
    x = (np.random.default_rng(0).normal(0, 1, (4, 6)) * 1e4).astype("float16")  # their squares are no float16
    options = {"groups": 2} if name == "GroupNormalization" else {}
    found = getattr(layers, name)(dtype="mixed_float16", **options)(x, **({"training": True} if name[0] == "B" else {}))
    assert found.dtype == np.float16 and np.isfinite(found).all() and 0.5 < np.abs(found.astype("float32")).max() < 3
