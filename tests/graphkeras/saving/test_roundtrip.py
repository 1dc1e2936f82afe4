"""A model that is saved and loaded is the same model: numbers, training state, random numbers, structure."""

import json

import numpy as np
import pytest

import graphkeras as keras
from graphkeras import ops
from graphkeras.layers import (
    BatchNormalization,
    Concatenate,
    Dense,
    Dropout,
    Embedding,
    Flatten,
    Input,
    Layer,
    LayerNormalization,
)

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(40, 6)).astype("float32")
LABELS = RANDOM.integers(0, 3, size=40).astype("int32")


class MyLayer(Layer):
    """The tutorial's layer."""

    def __init__(self, output_dim, **kwargs):
        self.output_dim = output_dim
        super().__init__(**kwargs)

    def build(self, input_shape):
        self.kernel = self.add_weight(
            name="kernel", shape=(input_shape[1], self.output_dim), initializer="uniform", trainable=True
        )
        super().build(input_shape)

    def call(self, x):
        return keras.backend.dot(x, self.kernel)

    def compute_output_shape(self, input_shape):
        return (input_shape[0], self.output_dim)

    def get_config(self):
        return {**super().get_config(), "output_dim": self.output_dim}


def sequential(optimizer="adam"):
    model = keras.Sequential([Input((6,)), Dense(8, activation="relu"), Dropout(0.5), Dense(3, activation="softmax")])
    model.compile(optimizer=optimizer, loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def functional():
    """Two inputs, a shared layer, operations, a nested model, two outputs."""
    left, right = Input((6,), name="left"), Input((6,), name="right")
    inner_in = Input((4,))
    inner = keras.Model(inner_in, Dense(4, activation="tanh")(inner_in), name="inner")
    shared = Dense(4, name="shared")
    a, b = shared(left), shared(right)
    mixed = inner(a) * 2.0 + b[:, ::-1]
    joined = Concatenate(axis=-1)([mixed, ops.exp(-a), ops.reshape(b, (-1, 4))])
    return keras.Model({"left": left, "right": right}, [Dense(3, name="first")(joined), Dense(1, name="second")(mixed)])


@pytest.mark.parametrize("suffix", [".keras", ".h5", ".hdf5"])
@pytest.mark.parametrize(
    "optimizer",
    [
        lambda: keras.optimizers.Adam(learning_rate=0.01),
        lambda: keras.optimizers.SGD(learning_rate=0.1, momentum=0.9, nesterov=True),
        lambda: keras.optimizers.RMSprop(learning_rate=0.01, momentum=0.5, centered=True),
        lambda: keras.optimizers.Adam(keras.optimizers.schedules.ExponentialDecay(0.1, 3, 0.5), amsgrad=True),
    ],
    ids=["adam", "nesterov", "rmsprop", "schedule"],
)
def test_training_goes_on_as_if_never_stopped(tmp_path, suffix, optimizer):
    keras.utils.set_random_seed(3)
    model = sequential(optimizer())
    model.fit(X, LABELS, epochs=2, batch_size=16, verbose=0)
    path = tmp_path / f"model{suffix}"
    model.save(path)
    again = keras.models.load_model(path)
    assert again.name == model.name
    np.testing.assert_array_equal(again.predict(X, verbose=0), model.predict(X, verbose=0))
    assert again.evaluate(X, LABELS, verbose=0) == model.evaluate(X, LABELS, verbose=0)
    assert int(again.optimizer.iterations.numpy()) == int(model.optimizer.iterations.numpy()) == 6
    for _ in range(3):  # dropout draws the same masks in both
        assert again.train_on_batch(X, LABELS) == model.train_on_batch(X, LABELS)
    for mine, theirs in zip(again.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, theirs)


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_moving_averages_tables_and_frozen_layers(tmp_path, suffix):
    words = RANDOM.integers(0, 9, size=(40, 4)).astype("int32")
    frozen = Dense(7, activation="relu")
    model = keras.Sequential(
        [Input((4,), dtype="int32"), Embedding(9, 3), Flatten(), frozen, BatchNormalization(), LayerNormalization(), Dense(3)]
    )
    frozen.trainable = False
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    model.fit(words, LABELS, epochs=3, verbose=0)
    model.save(tmp_path / f"m{suffix}")
    again = keras.models.load_model(tmp_path / f"m{suffix}")
    assert len(again.trainable_weights) == len(model.trainable_weights) == 1 + 2 + 2 + 2
    np.testing.assert_array_equal(again.predict(words, verbose=0), model.predict(words, verbose=0))
    for _ in range(2):
        assert again.train_on_batch(words, LABELS) == model.train_on_batch(words, LABELS)
    for mine, theirs in zip(again.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_a_changed_learning_rate_is_kept(tmp_path):
    model = sequential(keras.optimizers.Adam(0.01))
    model.fit(X, LABELS, verbose=0)
    keras.backend.set_value(model.optimizer.lr, 0.25)
    for suffix in (".keras", ".h5"):
        model.save(tmp_path / f"m{suffix}")
        assert keras.backend.get_value(keras.models.load_model(tmp_path / f"m{suffix}").optimizer.lr) == np.float32(0.25)


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_a_functional_model_with_operations_sharing_and_nesting(tmp_path, suffix):
    model = functional()
    path = tmp_path / f"model{suffix}"
    model.save(path)
    again = keras.models.load_model(path)
    data = {"left": X, "right": X[::-1].copy()}
    for mine, theirs in zip(again.predict(data, verbose=0), model.predict(data, verbose=0), strict=True):
        np.testing.assert_array_equal(mine, theirs)
    assert [layer.name for layer in again.layers] == [layer.name for layer in model.layers]
    assert again.count_params() == model.count_params()


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_a_model_of_its_own_gradient(tmp_path, suffix):
    x = Input((6,))
    y = Dense(1)(Dense(4, activation="tanh")(x))
    (slope,) = keras.gradients(y, [x])
    model = keras.Model(x, [y, slope * 2.0])
    model.save(tmp_path / f"m{suffix}")
    again = keras.models.load_model(tmp_path / f"m{suffix}")
    for mine, theirs in zip(again.predict(X, verbose=0), model.predict(X, verbose=0), strict=True):
        np.testing.assert_array_equal(mine, theirs)
    assert np.abs(again.predict(X, verbose=0)[1]).max() > 0


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
@pytest.mark.parametrize("form", ["sequential", "functional"])
def test_the_tutorials_layer(tmp_path, suffix, form):
    if form == "sequential":
        model = keras.Sequential([Input((6,)), MyLayer(5), Dense(3, activation="softmax")])
    else:
        x = Input((6,))
        model = keras.Model(x, Dense(3, activation="softmax")(MyLayer(5)(x)))
    model.compile(optimizer="sgd", loss="sparse_categorical_crossentropy")
    model.fit(X, LABELS, verbose=0)
    path = tmp_path / f"model{suffix}"
    model.save(path)
    with pytest.raises(ValueError, match=r"custom_objects=\{'MyLayer': MyLayer\}"):
        keras.models.load_model(path)
    again = keras.models.load_model(path, custom_objects={"MyLayer": MyLayer})
    np.testing.assert_array_equal(again.predict(X, verbose=0), model.predict(X, verbose=0))
    assert again.train_on_batch(X, LABELS) == model.train_on_batch(X, LABELS)


@pytest.mark.parametrize("loss", ["mse", "mean_squared_error", keras.losses.MeanSquaredError(), keras.losses.Huber(delta=0.5)])
@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_losses_and_metrics_by_name_and_by_object(tmp_path, loss, suffix):
    model = keras.Sequential([Input((6,)), Dense(1)])
    model.compile("sgd", loss, metrics=["mae", keras.metrics.MeanSquaredError(name="squared")])
    model.fit(X, LABELS.astype("float32"), verbose=0)
    model.save(tmp_path / f"m{suffix}")
    again = keras.models.load_model(tmp_path / f"m{suffix}")
    expected = model.evaluate(X, LABELS.astype("float32"), verbose=0, return_dict=True)
    assert again.evaluate(X, LABELS.astype("float32"), verbose=0, return_dict=True) == expected
    assert {"loss", "mae", "squared"} <= set(expected)


def test_an_uncompiled_model_and_loading_without_compiling(tmp_path):
    model = keras.Sequential([Input((6,)), Dense(1)])
    model.save(tmp_path / "plain.keras")
    plain = keras.models.load_model(tmp_path / "plain.keras")
    with pytest.raises((ValueError, RuntimeError), match="compile"):
        plain.fit(X, LABELS, verbose=0)
    compiled = sequential()
    compiled.save(tmp_path / "compiled.h5")
    loaded = keras.models.load_model(tmp_path / "compiled.h5", compile=False)
    np.testing.assert_array_equal(loaded.predict(X, verbose=0), compiled.predict(X, verbose=0))
    with pytest.raises((ValueError, RuntimeError), match="compile"):
        loaded.fit(X, LABELS, verbose=0)


def test_weights_alone(tmp_path):
    model = sequential()
    model.fit(X, LABELS, verbose=0)
    for name in ("w.weights.h5", "m.keras", "m.h5"):
        (model.save_weights if name.endswith(".weights.h5") else model.save)(tmp_path / name)
        other = sequential()
        assert not np.array_equal(other.predict(X, verbose=0), model.predict(X, verbose=0))
        other.load_weights(tmp_path / name)
        np.testing.assert_array_equal(other.predict(X, verbose=0), model.predict(X, verbose=0))


def test_weights_of_another_model_are_refused_and_nothing_changes(tmp_path):
    model = sequential()
    model.save_weights(tmp_path / "w.weights.h5")
    model.save(tmp_path / "m.h5")
    other = keras.Sequential([Input((6,)), Dense(8), Dense(4, name="wider")])
    before = other.get_weights()
    with pytest.raises(ValueError, match=r"w\.weights\.h5: the layer 'wider' .*layers/dense_1.*shape \(8, 4\) here.*\(8, 3\)"):
        other.load_weights(tmp_path / "w.weights.h5")
    with pytest.raises(ValueError, match=r"m\.h5: the layer 'wider' has weights of shapes .*\(8, 4\).*\(8, 3\)"):
        other.load_weights(tmp_path / "m.h5")
    for old, new in zip(before, other.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    with pytest.warns(UserWarning, match="Layers are left as they are"):
        other.load_weights(tmp_path / "w.weights.h5", skip_mismatch=True)
    np.testing.assert_array_equal(other.get_weights()[0], model.get_weights()[0])
    np.testing.assert_array_equal(other.get_weights()[2], before[2])
    taller = keras.Sequential([Input((6,)), Dense(8), Dense(3), Dense(3)])
    with pytest.raises(ValueError, match=r"has 2 variables, but the file has 0 there.*layers/dense, layers/dense_1"):
        taller.load_weights(tmp_path / "w.weights.h5")
    with pytest.raises(ValueError, match="the file has 2 layers with weights"):
        taller.load_weights(tmp_path / "m.h5")


def test_by_name(tmp_path):
    model = keras.Sequential([Input((6,)), Dense(8, name="a"), Dense(3, name="b")])
    model.save(tmp_path / "m.h5")
    other = keras.Sequential([Input((6,)), Dense(8, name="a"), Dense(5, name="c")])
    other.load_weights(tmp_path / "m.h5", by_name=True)
    np.testing.assert_array_equal(other.get_weights()[0], model.get_weights()[0])


def test_an_optimizer_that_does_not_fit_is_reported(tmp_path):
    model = sequential("adam")
    model.fit(X, LABELS, verbose=0)
    model.save_weights(tmp_path / "w.weights.h5")
    other = sequential("sgd")
    with pytest.warns(UserWarning, match="state of the optimizer in the file does not fit 'sgd"):
        other.load_weights(tmp_path / "w.weights.h5")
    np.testing.assert_array_equal(other.get_weights()[0], model.get_weights()[0])


def test_json_describes_the_model(tmp_path):
    model = functional()
    text = model.to_json()
    again = keras.models.model_from_json(text)
    again.set_weights(model.get_weights())
    data = {"left": X, "right": X}
    np.testing.assert_array_equal(again.predict(data, verbose=0)[0], model.predict(data, verbose=0)[0])
    assert json.loads(text)["class_name"] == "Functional"
    with pytest.raises(ValueError, match="This is not JSON"):
        keras.models.model_from_json("{")


def test_names_say_the_format(tmp_path):
    model = sequential()
    with pytest.raises(ValueError, match=r"Cannot tell the format.*\.keras.*use model\.export"):
        model.save(tmp_path / "model.onnx")
    with pytest.raises(ValueError, match="a name for weights alone"):
        model.save(tmp_path / "model.weights.h5")
    with pytest.raises(ValueError, match=r"ends with \.weights\.h5"):
        model.save_weights(tmp_path / "model.h5")
    model.save(tmp_path / "model.keras")
    with pytest.raises(FileExistsError, match="exists already"):
        model.save(tmp_path / "model.keras", overwrite=False)
    keras.saving.save_model(model, str(tmp_path / "by_function.h5"))
    assert keras.saving.load_model(str(tmp_path / "by_function.h5")).name == model.name


def test_an_unbuilt_model_has_no_weights_to_save(tmp_path):
    with pytest.raises(ValueError, match=r"Cannot save weights of .* it has none yet"):
        keras.Sequential([Dense(3)]).save_weights(tmp_path / "w.weights.h5")
