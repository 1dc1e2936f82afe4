"""Layers that draw numbers in training, and Normalization's adapt: what they must do, whatever numbers are drawn."""

import numpy as np
import pytest

import graphkeras as keras
from graphkeras import layers


@pytest.mark.parametrize(
    ("layer", "shape", "axes"),
    [
        (layers.SpatialDropout1D(0.5, seed=0), (3, 4, 8), (1,)),
        (layers.SpatialDropout2D(0.5, seed=0), (3, 4, 2, 8), (1, 2)),
        (layers.SpatialDropout2D(0.5, data_format="channels_first", seed=0), (3, 8, 4, 2), (2, 3)),
        (layers.SpatialDropout3D(0.5, seed=0), (3, 2, 4, 2, 8), (1, 2, 3)),
    ],
)
def test_whole_channels_are_dropped(layer, shape, axes):
    x = np.ones(shape, np.float32)
    np.testing.assert_array_equal(layer(x), x)
    dropped = np.asarray(layer(x, training=True))
    assert set(np.unique(dropped)) == {0.0, 2.0}
    np.testing.assert_array_equal(dropped, np.broadcast_to(dropped.mean(axes, keepdims=True), shape))


@pytest.mark.parametrize("layer", [layers.AlphaDropout(0.3, seed=0), layers.GaussianDropout(0.3, seed=0)])
def test_mean_and_spread_are_as_promised(layer):
    x = np.random.default_rng(0).normal(size=(200, 200)).astype(np.float32)
    np.testing.assert_array_equal(layer(x), x)
    y = np.asarray(layer(x, training=True))
    variance = 1 if isinstance(layer, layers.AlphaDropout) else 1 + 0.3 / 0.7
    np.testing.assert_allclose([y.mean(), y.var()], [0, variance], atol=0.05)
    assert not np.allclose(y, layer(x, training=True))


def test_rates_are_checked():
    with pytest.raises(ValueError, match="rate must be a number from 0 up to, not including, 1, got 1"):
        layers.AlphaDropout(1)
    with pytest.raises(ValueError, match="data_format must be"):
        layers.SpatialDropout2D(0.5, data_format="last")


DATA = np.random.default_rng(0).normal(3, 2, (50, 4, 3)).astype(np.float32)


@pytest.mark.parametrize("axis", [-1, None, (1, 2)])
def test_adapt_to_an_array_and_to_batches(axis, tmp_path):
    reduced = {-1: (0, 1), None: (0, 1, 2), (1, 2): (0,)}[axis]
    expected = (DATA - DATA.mean(reduced, keepdims=True)) / DATA.std(reduced, keepdims=True)
    whole, parts = layers.Normalization(axis=axis), layers.Normalization(axis=axis)
    whole.adapt(DATA)
    parts.adapt([DATA[:7], DATA[7:30], DATA[30:]])
    np.testing.assert_allclose(whole(DATA), expected, atol=1e-5)
    np.testing.assert_allclose(parts(DATA), expected, atol=1e-5)
    assert [w.path.split("/")[-1] for w in whole.weights] == ["mean", "variance", "count"]
    assert not whole.trainable_weights
    model = keras.Sequential([keras.Input((4, 3)), whole])
    model.save(tmp_path / "m.keras")
    np.testing.assert_array_equal(
        keras.models.load_model(tmp_path / "m.keras").predict(DATA, verbose=0), model.predict(DATA, verbose=0)
    )
    back = layers.Normalization(axis=axis, invert=True)
    back.adapt(DATA)
    np.testing.assert_allclose(back(whole(DATA)), DATA, atol=1e-5)


def test_adapt_says_what_is_wrong():
    layer = layers.Normalization()
    with pytest.raises(ValueError, match="adapt got no data"):
        layer.adapt([])
    layer.adapt(DATA)
    with pytest.raises(ValueError, match="the layer was built for"):
        layer.adapt(DATA[..., :2])
    with pytest.raises(ValueError, match="cannot adapt"):
        layers.Normalization(mean=0.0, variance=1.0).adapt(DATA)
    with pytest.raises(ValueError, match="give both mean and variance"):
        layers.Normalization(mean=0.0)


def test_dot_says_what_it_needs():
    with pytest.raises(ValueError, match="differ in size"):
        layers.dot([DATA, DATA[:, :3]], axes=1)
    with pytest.raises(ValueError, match="is the batch's"):
        layers.dot([DATA, DATA], axes=0)
