"""Models that are fed with strings: a host part turns them into numbers for the one static graph."""

import numpy as np
import pytest

import graphkeras as keras
from graphkeras import layers

TEXTS = np.array(["the cat sat", "a dog", "the dog and a cat", "birds"])
LABELS = np.array([[1.0], [0.0], [1.0], [0.0]])


def classifier(length=5):
    vectorize = layers.TextVectorization(output_sequence_length=length)
    vectorize.adapt(TEXTS)
    given = keras.Input((1,), dtype="string", name="text")
    x = layers.Embedding(20, 4)(vectorize(given))
    return keras.Model(given, layers.Dense(1)(layers.GlobalAveragePooling1D()(x))), vectorize


def inner(model):
    """The part behind the texts, on word numbers."""
    numbers = keras.Input((None,), dtype="int64")
    x = numbers
    for layer in model.layers[2:]:
        x = layer(x)
    return keras.Model(numbers, x)


def test_predictions_are_those_of_the_numbers():
    model, vectorize = classifier()
    assert model.inputs[0].dtype == "string"
    expected = inner(model).predict(vectorize(TEXTS), verbose=0)
    for data in (TEXTS, TEXTS[:, None], TEXTS.tolist(), TEXTS.astype("S"), TEXTS.astype(object), {"text": TEXTS}):
        np.testing.assert_allclose(model.predict(data, verbose=0), expected, rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(model.predict(TEXTS, batch_size=3, verbose=0), expected, rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(model(TEXTS), expected, rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(model.predict_on_batch(TEXTS), expected, rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(model.predict((TEXTS[k : k + 2] for k in (0, 2)), verbose=0), expected, rtol=1e-6, atol=1e-7)


def test_training_is_that_on_the_numbers():
    def trained(make_data):
        keras.utils.set_random_seed(3)
        model, vectorize = classifier()
        behind = inner(model)
        fitted, x = make_data(model, behind, vectorize)
        fitted.compile("sgd", "mse", metrics=["mae"])
        history = fitted.fit(x, LABELS, epochs=3, batch_size=2, validation_data=(x, LABELS), verbose=0).history
        return history, fitted.evaluate(x, LABELS, verbose=0), fitted.train_on_batch(x, LABELS)

    strings = trained(lambda model, behind, vectorize: (model, TEXTS))
    numbers = trained(lambda model, behind, vectorize: (behind, vectorize(TEXTS)))
    assert strings == numbers


def test_lengths_may_differ_from_batch_to_batch():
    model = keras.Sequential([layers.TextVectorization(vocabulary=["a", "b"]), layers.Embedding(4, 3), layers.LSTM(2)])
    alone = np.concatenate([model.predict(np.array([text]), verbose=0) for text in ("a b", "a b a b b")])
    assert model.input_shape == (None,)
    np.testing.assert_allclose(model.predict(["a b", "a b a b b"], batch_size=1, verbose=0), alone, rtol=1e-5)


def test_strings_and_numbers_nested_and_shared():
    lookup = layers.StringLookup(vocabulary=["red", "blue"], output_mode="one_hot")
    color = keras.Input((1,), dtype="string", name="color")
    encoder = keras.Model(color, layers.Dense(2)(lookup(color)))
    first, second = (keras.Input((1,), dtype="string", name=name) for name in ("first", "second"))
    size = keras.Input((1,), name="size")
    model = keras.Model([first, second, size], layers.Concatenate()([encoder(first), encoder(second), size]))
    data = [np.array(["red", "green"]), np.array(["blue", "red"]), np.array([0.5, 2.0])]
    expected = np.concatenate([encoder.predict(data[0], verbose=0), encoder.predict(data[1], verbose=0), data[2][:, None]], 1)
    np.testing.assert_allclose(model.predict(data, verbose=0), expected, rtol=1e-6, atol=1e-7)


def test_inside_a_class_of_the_user():
    class Tagger(keras.Model):
        def __init__(self):
            super().__init__()
            self.lookup = layers.StringLookup(vocabulary=["x", "y"])
            self.head = layers.Embedding(3, 2)

        def call(self, words):
            return self.head(self.lookup(words))

    words = np.array([["x", "y", "?"], ["y", "y", "x"]])
    model = Tagger()
    assert model.predict(words, verbose=0).shape == (2, 3, 2)
    np.testing.assert_array_equal(model.predict(words, verbose=0), model.head(np.array([[1, 2, 0], [2, 2, 1]])))


def test_the_host_part_runs_once_for_each_batch(monkeypatch):
    model, _ = classifier()
    seen = []
    computed = layers.TextVectorization.computed
    monkeypatch.setattr(layers.TextVectorization, "computed", lambda self, *arrays: seen.append(1) or computed(self, *arrays))
    model.predict(TEXTS, batch_size=2, verbose=0)
    assert len(seen) == 2


def test_summary_names_the_layers(capsys):
    model, _ = classifier()
    lines = []
    model.summary(print_fn=lines.append)
    assert "text (InputLayer)" in lines[0]
    assert "(TextVectorization)" in lines[0]


@pytest.mark.parametrize(
    ("error", "make", "words"),
    [
        (
            TypeError,
            lambda: keras.Sequential([layers.Dense(1)]).predict(np.array(["a"]), verbose=0),
            "takes numbers, got strings",
        ),
        (TypeError, lambda: layers.Dense(1)(keras.Input((1,), dtype="string")), "StringLookup, TextVectorization or Hashing"),
        (TypeError, lambda: keras.ops.add(keras.Input((1,), dtype="string"), 1), "takes numbers, got strings"),
        (TypeError, lambda: classifier()[0].predict(np.ones((2, 1)), verbose=0), "takes strings, got data of dtype float32"),
        (ValueError, lambda: classifier()[0].predict(np.array([["a", "b"]]), verbose=0), "must have shape"),
        (TypeError, lambda: classifier()[0].predict(np.array([["a"], [1]], object), verbose=0), "of objects"),
    ],
)
def test_errors_teach(error, make, words):
    with pytest.raises(error, match=words):
        make()


@pytest.mark.parametrize("options", [{}, {"mask_token": "x", "output_mode": "multi_hot"}, {"mask_token": "", "max_tokens": 9}])
@pytest.mark.parametrize("shape", [(3,), (1,)])
def test_lookups_in_onnx_files(options, shape, tmp_path):
    onnxruntime = pytest.importorskip("onnxruntime")
    words, size = keras.Input(shape, dtype="string", name="words"), keras.Input((2,), name="size")
    indices = layers.StringLookup(vocabulary=["a", "grün"], **options)(words)
    model = keras.Model([words, size], layers.Concatenate()([keras.ops.cast(indices, "float32"), layers.Dense(2)(size)]))
    model.export(tmp_path / "model.onnx", format="onnx")
    session = onnxruntime.InferenceSession(tmp_path / "model.onnx", providers=["CPUExecutionProvider"])
    assert [(given.name, given.shape[1:]) for given in session.get_inputs()] == [("words", list(shape)), ("size", [2])]
    data = {"words": np.array([["a", "x", ""], ["grün", "b", "a"]], object)[:, : shape[0]], "size": np.ones((2, 2), np.float32)}
    np.testing.assert_allclose(session.run(None, data)[0], model.predict(data, verbose=0), rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("layer", [layers.Hashing(3), layers.StringLookup(vocabulary=["a"], num_oov_indices=2)])
def test_layers_without_an_onnx_form_say_how_to_export_the_rest(layer, tmp_path):
    given = keras.Input((1,), dtype="string")
    with pytest.raises(NotImplementedError, match="Export the part of the model behind it"):
        keras.Model(given, layer(given)).export(tmp_path / "model.onnx", format="onnx")
    assert not (tmp_path / "model.onnx").exists()
