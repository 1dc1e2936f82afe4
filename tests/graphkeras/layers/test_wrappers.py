"""SpectralNormalization and ReversibleEmbedding; the numbers from Keras were printed by it for the same weights."""

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


def test_spectral_normalization_trains_and_is_saved(tmp_path):
    """A step changes the normalized kernel by the gradient there. (Keras with JAX goes on from the kernel before.)"""
    layer, dense = spectral(), layers.Dense(3)
    model, other = (keras.Sequential([keras.Input((5,)), one]) for one in (layer, dense))
    normalized = spectral()
    normalized(X, training=True)
    dense.set_weights([normalized.layer.kernel.numpy(), normalized.layer.bias.numpy()])
    for one in (model, other):
        one.compile(keras.optimizers.SGD(1.0), "mse")
        one.train_on_batch(X, draw(4, 3))
    np.testing.assert_allclose(layer.layer.kernel.numpy(), dense.kernel.numpy(), atol=1e-6)
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
