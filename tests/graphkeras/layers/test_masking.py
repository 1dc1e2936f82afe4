"""Masks reach the layers behind Masking and Embedding."""

import numpy as np
import pytest

import graphkeras as keras
from graphkeras import layers

IDS = np.array([[3, 1, 0, 0], [2, 0, 4, 1], [1, 2, 3, 4]], np.int32)


def small_model(mask_zero=True, explicit=False):
    keras.utils.set_random_seed(1)
    ids = keras.Input((4,), dtype="int32")
    x = layers.Embedding(5, 3, mask_zero=mask_zero)(ids)
    options = {"mask": keras.ops.not_equal(ids, 0)} if explicit else {}
    x = layers.Dropout(0.0)(layers.Activation("tanh")(layers.Dense(3)(x)))
    x = layers.LSTM(4, return_sequences=True)(x, **options)
    return keras.Model(ids, layers.GRU(2)(x, **options))


def test_a_mask_goes_through_layers_files_and_exports(tmp_path):
    ort = pytest.importorskip("onnxruntime")
    model = small_model()
    found = model.predict(IDS, verbose=0)
    np.testing.assert_allclose(found, small_model(False, True).predict(IDS, verbose=0), atol=1e-6)
    assert np.abs(found - small_model(False).predict(IDS, verbose=0)).max() > 1e-4
    model.save(tmp_path / "m.keras")
    np.testing.assert_array_equal(keras.models.load_model(tmp_path / "m.keras").predict(IDS, verbose=0), found)
    model.export(tmp_path / "m.onnx", format="onnx", verbose=False)
    session = ort.InferenceSession(tmp_path / "m.onnx")
    np.testing.assert_allclose(session.run(None, {session.get_inputs()[0].name: IDS})[0], found, atol=1e-6)


def test_masking_leaves_out_time_steps_at_once_and_in_the_loss():
    x = np.random.default_rng(0).normal(size=(2, 4, 3)).astype(np.float32)
    x[0, 2:] = 0
    mask = np.any(x != 0, -1)
    lstm = layers.LSTM(3, return_sequences=True)
    masked = lstm(layers.Masking()(x))
    np.testing.assert_allclose(masked, lstm(x, mask=mask), atol=1e-6)
    assert np.abs(masked - lstm(x)).max() > 1e-4
    model = keras.Sequential([keras.Input((4, 3)), layers.Masking(), lstm, layers.Dense(1)])
    model.compile("sgd", "mse")
    wanted = np.square(model.predict(x, verbose=0))[mask].mean()
    np.testing.assert_allclose(model.evaluate(x, np.zeros((2, 4, 1), np.float32), verbose=0), wanted, rtol=1e-5)


def test_a_layer_without_masking_warns():
    with pytest.warns(UserWarning, match="does not support masking"):
        layers.Flatten()(layers.Masking()(np.ones((2, 3, 4), np.float32)))


def test_masks_of_merged_tensors():
    first = layers.Masking()(np.array([[[1.0], [0.0]]], np.float32))
    second = layers.Masking()(np.array([[[1.0], [2.0]]], np.float32))
    for layer in (layers.Add(), layers.Concatenate()):
        np.testing.assert_array_equal(layer.compute_mask([first, second], [np.array([[True, False]]), None]), [[True, False]])


@pytest.mark.parametrize("kind", ["MultiHeadAttention", "GroupQueryAttention"])
def test_attention_takes_the_masks_of_its_inputs_and_passes_the_querys_on(kind):
    keys = (2, 4) if kind == "MultiHeadAttention" else (4, 4, 2)
    attention, embedding = getattr(layers, kind)(*keys), layers.Embedding(9, 8, mask_zero=True)
    tokens = np.array([[3, 1, 0, 0], [5, 2, 7, 0]], "int32")
    words = keras.Input((4,), dtype="int32")
    embedded = embedding(words)
    model = keras.Model(words, layers.GlobalAveragePooling1D()(attention(embedded, embedded)))
    known = tokens != 0
    vectors = np.array(embedding(tokens))
    attended = attention(vectors, vectors, query_mask=known, value_mask=known)
    expected = (attended * known[..., None]).sum(axis=1) / known.sum(axis=1)[:, None]
    np.testing.assert_allclose(model.predict(tokens, verbose=0), expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("figure", [keras.losses.MeanSquaredError(), keras.metrics.MeanSquaredError()])
def test_losses_and_metrics_of_arrays_see_their_masks(figure):
    """Called on arrays, as in Keras: the second step, which is masked, would add an error of 1."""
    y = layers.Masking()(np.array([[[1.0, 1.0], [0.0, 0.0]]], np.float32))
    assert figure(np.ones((1, 2, 2), np.float32), y) == 0
