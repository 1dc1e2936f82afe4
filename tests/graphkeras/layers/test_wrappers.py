"""Layers around other layers, and ReversibleEmbedding; the numbers from Keras were printed by it for the same weights."""

import numpy as np
import pytest

import graphkeras as keras
from graphkeras import layers
from tests.graphkeras.layers.attention_cases import draw, weights_for

X = draw(4, 5)


def spectral():
    layer = layers.SpectralNormalization(layers.Dense(3, name="inner"), power_iterations=2, name="sn")
    layer(X)
    layer.set_weights(weights_for([w.shape for w in layer.weights]))
    return layer


def test_spectral_normalization_gives_the_numbers_of_keras():
    layer = spectral()
    plain = layer(X)
    output = layer(X, training=True)
    np.testing.assert_allclose(output[0], [0.3352149, -1.1299745, -0.38997555], atol=1e-6)
    np.testing.assert_allclose(layer(X), output, atol=1e-6)  # the kernel has changed
    assert not np.allclose(plain, output)
    for _ in range(20):
        layer(X, training=True)
    np.testing.assert_allclose(np.linalg.norm(layer.layer.kernel.numpy(), 2), 1, atol=1e-5)


def test_spectral_normalization_trains_as_keras_with_pytorch_does(tmp_path):
    """Numbers printed by Keras 3.15.1, KERAS_BACKEND=torch: three steps, then the kernel that predictions use."""
    layer = spectral()
    model = keras.Sequential([keras.Input((5,)), layer])
    model.compile(keras.optimizers.SGD(0.5), "mse")
    losses = [model.train_on_batch(X, draw(4, 3)) for _ in range(3)]
    np.testing.assert_allclose(losses, [0.9503326416015625, 0.5711692571640015, 0.41357868909835815], rtol=1e-5)
    np.testing.assert_allclose(layer.layer.kernel.numpy()[0], [-0.34263358, -0.21707365, -0.04308651], atol=1e-6)
    np.testing.assert_allclose(layer.vector_u.numpy()[0], [0.31122577, 0.7803315, 0.54242176], atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(layer.layer.kernel.numpy(), 2), 1.002854, atol=1e-5)
    np.testing.assert_allclose(model.evaluate(X, draw(4, 3), verbose=0), 0.3309975266456604, rtol=1e-5)
    model.save(tmp_path / "m.keras")
    again = keras.models.load_model(tmp_path / "m.keras")
    np.testing.assert_array_equal(again.predict(X, verbose=0), model.predict(X, verbose=0))


@pytest.mark.parametrize(
    ("tied", "expected"),
    [
        (True, [0.12335559, 0.47762656, -0.48577082, -0.21793078, 0.2595934, -0.44067508, -0.36545986]),
        (False, [-0.13036723, -0.395418, 0.00666535, -0.0086676, 0.18435533, 0.28390163, -0.18420318]),
    ],
)
def test_an_embedding_in_reverse(tied, expected):
    layer = layers.ReversibleEmbedding(7, 3, tie_weights=tied, logit_soft_cap=0.5)
    ids = np.array([[1, 2], [3, 6]], np.int32)
    layer(ids)
    layer.set_weights(weights_for([w.shape for w in layer.weights]))
    np.testing.assert_allclose(layer(layer(ids), reverse=True)[0, 0], expected, atol=1e-6)
    assert layers.ReversibleEmbedding.from_config(layer.get_config()).get_config() == layer.get_config()


def test_only_layers_are_wrapped():
    with pytest.raises(ValueError, match="wraps a layer, got 'dense'"):
        layers.Wrapper("dense")
    with pytest.raises(ValueError, match="neither a kernel nor embeddings"):
        layers.SpectralNormalization(layers.Flatten())(X)


def test_statistics_of_every_time_step():
    """As in Keras: BatchNormalization in TimeDistributed sees one time step after the other."""
    x = draw(4, 3, 2)
    layer = layers.TimeDistributed(layers.BatchNormalization(momentum=0.5, epsilon=0.01))
    output = layer(x, training=True)
    means, variances = x.mean(axis=0), x.var(axis=0)
    np.testing.assert_allclose(output, (x - means) / np.sqrt(variances + 0.01), rtol=1e-4, atol=1e-5)
    moving = np.zeros(2)
    for mean in means:
        moving = 0.5 * moving + 0.5 * mean
    np.testing.assert_allclose(layer.layer.moving_mean.numpy(), moving, atol=1e-6)
    unknown = keras.Sequential([keras.Input((None, 2)), layer])
    np.testing.assert_allclose(unknown.predict(x, verbose=0), layer(x), rtol=1e-5, atol=1e-6)


def test_a_stateful_layer_in_time_distributed_goes_from_step_to_step():
    x = draw(2, 3, 4, 5)
    inner = layers.GRU(3, stateful=True)
    layer = layers.TimeDistributed(inner)
    outputs = layer(x)
    inner.reset_state()
    np.testing.assert_allclose(outputs, np.stack([inner(x[:, k]) for k in range(3)], axis=1), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("known", [True, False])
def test_masks_of_time_distributed(known):
    """The layer inside gets its part of the mask, (batch * time, steps), and the mask goes on."""
    mask = np.random.default_rng(0).uniform(size=(2, 3, 4)) < 0.7
    x = draw(2, 3, 4, 5) * mask[..., None]
    lstm = layers.LSTM(2)
    layer = layers.TimeDistributed(lstm)
    inputs = keras.Input((3 if known else None, 4, 5))
    model = keras.Model(inputs, layer(inputs, mask=keras.ops.any(keras.ops.not_equal(inputs, 0), axis=-1)))
    expected = np.stack([lstm(x[:, k], mask=mask[:, k]) for k in range(3)], axis=1)
    np.testing.assert_allclose(model.predict(x, verbose=0), expected, rtol=1e-5, atol=1e-6)
    assert layer.compute_mask(x, mask) is mask
    for wrong in (mask[:, 0, 0], mask[:, :2]):
        with pytest.raises(ValueError, match="a mask begins with the axes"):
            layer(x, mask=wrong)


@pytest.mark.parametrize("merge_mode", ["concat", "sum", "ave", "mul", None])
def test_both_directions_of_stateful_layers_go_on(merge_mode):
    x = draw(2, 4, 3)
    layer = layers.Bidirectional(layers.LSTM(3, stateful=True, return_sequences=True), merge_mode=merge_mode)
    layer(x)
    one, other = layer.forward_layer, layer.backward_layer
    layer.reset_state()
    for part in (x[:, :2], x[:, 2:]):
        found = keras.tree.flatten(layer(part))
    layer.reset_state()
    for part in (x[:, :2], x[:, 2:]):
        pair = one(part), other(part)[:, ::-1]
    merged = {
        "concat": lambda a, b: [np.concatenate([a, b], axis=-1)],
        "sum": lambda a, b: [a + b],
        "ave": lambda a, b: [(a + b) / 2],
        "mul": lambda a, b: [a * b],
        None: lambda a, b: [a, b],
    }[merge_mode](*pair)
    for ours, wanted in zip(found, merged, strict=True):
        np.testing.assert_allclose(ours, wanted, rtol=1e-5, atol=1e-6)
    assert len(layer.states) == 4
