"""The tutorial, line by line, on real handwritten digits: scikit-learn's 1,797 of 8x8 pixels, enlarged to 28x28 = 784.

Written for Keras; only the import prefix is another.
"""

import numpy as np
import onnxruntime
import pytest
from sklearn.datasets import load_digits

from graphkeras import backend as K
from graphkeras.layers import Concatenate, Dense, Dropout, Input, Layer
from graphkeras.losses import CategoricalCrossentropy
from graphkeras.metrics import CategoricalAccuracy
from graphkeras.models import Model, Sequential, load_model, save_model
from graphkeras.optimizers import SGD, Adam, RMSprop
from graphkeras.utils import set_random_seed, to_categorical


@pytest.fixture(scope="module")
def digits():
    """x_train, y_train, x_test, y_test; targets one-hot."""
    images, labels = load_digits(return_X_y=True)
    large = np.kron(images.reshape(-1, 8, 8) / 16, np.ones((1, 3, 3)))
    x = np.pad(large, ((0, 0), (2, 2), (2, 2))).reshape(-1, 784).astype("float32")
    order = np.random.default_rng(0).permutation(len(x))
    x, y = x[order], to_categorical(labels[order], 10)
    return x[:1400], y[:1400], x[1400:], y[1400:]


def tutorial_model(seed=0):
    set_random_seed(seed)
    model = Sequential()
    model.add(Dense(32, input_dim=784, activation="relu"))
    model.add(Dense(10, activation="softmax"))
    return model


# ---- models -------------------------------------------------------------------------------------------------------------


def test_sequential_by_add_and_as_a_list(digits):
    x_train, y_train, x_test, y_test = digits
    model = tutorial_model()
    assert model.count_params() == 784 * 32 + 32 + 32 * 10 + 10
    assert model.output_shape == (None, 10)
    model.compile(optimizer=Adam(lr=0.001), loss="categorical_crossentropy", metrics=["accuracy"])
    history = model.fit(x_train, y_train, epochs=8, batch_size=32, verbose=0)
    assert len(history.history["loss"]) == 8
    assert history.history["loss"][-1] < history.history["loss"][0] / 3
    loss, accuracy = model.evaluate(x_test, y_test, verbose=0)
    assert accuracy > 0.9
    set_random_seed(0)
    listed = Sequential([Dense(32, input_shape=(784,), activation="relu"), Dense(10, activation="softmax")])
    listed.compile(optimizer=Adam(lr=0.001), loss="categorical_crossentropy", metrics=["accuracy"])
    listed.fit(x_train, y_train, epochs=8, batch_size=32, verbose=0)
    assert listed.evaluate(x_test, y_test, verbose=0) == [loss, accuracy], "the same seed gives the same bits"


def test_functional_form(digits):
    x_train, y_train, x_test, y_test = digits
    set_random_seed(1)
    inputs = Input(shape=(784,))
    hidden = Dense(32, activation="relu")(inputs)
    model = Model(inputs=inputs, outputs=Dense(10, activation="softmax")(hidden))
    model.compile(optimizer="rmsprop", loss="categorical_crossentropy", metrics=["accuracy"])
    model.fit(x_train, y_train, epochs=6, verbose=0)
    assert model.evaluate(x_test, y_test, verbose=0)[1] > 0.9


def test_several_inputs_and_outputs_shared_layers_nested_models(digits):
    x_train, y_train, x_test, y_test = digits
    top, bottom = Input((392,), name="top"), Input((392,), name="bottom")
    shared = Dense(16, activation="relu", name="shared")
    encoder_input = Input((32,))
    encoder = Model(encoder_input, Dense(24, activation="relu")(encoder_input), name="encoder")
    code = encoder(Concatenate()([shared(top), shared(bottom)]))
    digit = Dense(10, activation="softmax", name="digit")(code)
    is_even = Dense(1, activation="sigmoid", name="is_even")(code)
    model = Model(inputs=[top, bottom], outputs=[digit, is_even])
    assert model.count_params() == (392 * 16 + 16) + (32 * 24 + 24) + (24 * 10 + 10) + (24 + 1)
    model.compile(
        optimizer=Adam(0.003),
        loss={"digit": "categorical_crossentropy", "is_even": "binary_crossentropy"},
        loss_weights={"digit": 1.0, "is_even": 0.5},
        metrics={"digit": ["accuracy"], "is_even": ["accuracy"]},
    )
    even = (y_train.argmax(1) % 2 == 0).astype("float32")[:, None]
    history = model.fit([x_train[:, :392], x_train[:, 392:]], [y_train, even], epochs=8, verbose=0)
    assert history.history["digit_accuracy"][-1] > 0.9
    assert history.history["is_even_accuracy"][-1] > 0.9
    both = model.predict({"top": x_test[:, :392], "bottom": x_test[:, 392:]}, verbose=0)
    assert [output.shape for output in both] == [(len(x_test), 10), (len(x_test), 1)]
    assert (both[0].argmax(1) == y_test.argmax(1)).mean() > 0.85


# ---- compile --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "optimizer",
    [SGD(0.1), SGD(0.05, momentum=0.9), SGD(0.05, momentum=0.9, nesterov=True), Adam(0.003), RMSprop(0.002), "sgd", "adam"],
    ids=["sgd", "momentum", "nesterov", "adam", "rmsprop", "'sgd'", "'adam'"],
)
def test_every_optimizer_learns(digits, optimizer):
    x_train, y_train, *_ = digits
    model = tutorial_model()
    model.compile(optimizer=optimizer, loss=CategoricalCrossentropy(), metrics=[CategoricalAccuracy()])
    losses = model.fit(x_train, y_train, epochs=3, batch_size=32, verbose=0).history["loss"]
    assert losses[-1] < losses[0] * 0.95


@pytest.mark.parametrize("loss", ["sparse_categorical_crossentropy", "mse", "binary_crossentropy"])
def test_other_losses_by_name(digits, loss):
    x_train, y_train, *_ = digits
    model = tutorial_model()
    model.compile(optimizer="adam", loss=loss, metrics=["accuracy"])
    targets = y_train.argmax(1) if loss.startswith("sparse") else y_train
    history = model.fit(x_train, targets, epochs=6, verbose=0).history
    assert history["accuracy"][-1] > 0.85


# ---- fit, evaluate, predict -------------------------------------------------------------------------------------------------


def test_fit_with_everything(digits, capsys):
    x_train, y_train, x_test, y_test = digits
    model = tutorial_model()
    model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
    weights = np.linspace(0.5, 1.5, len(x_train)).astype("float32")
    history = model.fit(
        x_train,
        y_train,
        epochs=2,
        batch_size=100,
        validation_data=(x_test, y_test),
        shuffle=True,
        sample_weight=weights,
        verbose=1,
    )
    assert set(history.history) == {"loss", "accuracy", "val_loss", "val_accuracy"}
    assert history.epoch == [0, 1]
    assert "Epoch 2/2" in capsys.readouterr().out
    split = model.fit(x_train, y_train, validation_split=0.2, class_weight={k: 1.0 + k for k in range(10)}, verbose=0)
    assert "val_loss" in split.history


def test_evaluate_predict_and_the_batch_methods(digits):
    x_train, y_train, x_test, y_test = digits
    model = tutorial_model()
    model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
    loss, accuracy = model.evaluate(x_test, y_test, verbose=0)
    logs = model.evaluate(x_test, y_test, verbose=0, return_dict=True)
    assert logs == {"loss": loss, "accuracy": accuracy}
    predictions = model.predict(x_test, verbose=0)
    assert predictions.shape == (397, 10)
    np.testing.assert_allclose(predictions.sum(axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(accuracy, (predictions.argmax(1) == y_test.argmax(1)).mean(), atol=1e-6)
    np.testing.assert_allclose(loss, -np.log((predictions * y_test).sum(axis=1)).mean(), rtol=1e-4)
    np.testing.assert_allclose(model.predict_on_batch(x_test[:5]), predictions[:5], atol=1e-6)
    before = model.test_on_batch(x_train[:64], y_train[:64])[0]
    for _ in range(20):
        model.train_on_batch(x_train[:64], y_train[:64])
    assert model.test_on_batch(x_train[:64], y_train[:64])[0] < before


def test_a_partial_last_batch_counts_once_with_its_own_weight(digits):
    _, _, x_test, y_test = digits
    model = tutorial_model()
    model.compile(optimizer="sgd", loss="categorical_crossentropy", metrics=["accuracy"])
    whole = model.evaluate(x_test, y_test, batch_size=397, verbose=0)
    parts = model.evaluate(x_test, y_test, batch_size=100, verbose=0)  # 100 + 100 + 100 + 97
    np.testing.assert_allclose(parts, whole, rtol=1e-5)
    np.testing.assert_allclose(
        model.predict(x_test, batch_size=100, verbose=0), model.predict(x_test, batch_size=397, verbose=0), atol=1e-6
    )


# ---- save and load ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["my_model.h5", "my_model.keras"])
def test_training_goes_on_after_loading_as_if_never_stopped(digits, tmp_path, name):
    x_train, y_train, x_test, _ = digits
    set_random_seed(4)
    model = Sequential([Dense(32, input_dim=784, activation="relu"), Dropout(0.3), Dense(10, activation="softmax")])
    model.compile(optimizer=Adam(lr=0.001), loss="categorical_crossentropy", metrics=["accuracy"])
    model.fit(x_train, y_train, epochs=1, verbose=0)
    save_model(model, tmp_path / name)
    again = load_model(tmp_path / name)
    np.testing.assert_array_equal(again.predict(x_test, verbose=0), model.predict(x_test, verbose=0))
    for _ in range(3):
        assert again.train_on_batch(x_train[:50], y_train[:50]) == model.train_on_batch(x_train[:50], y_train[:50])


# ---- backend ----------------------------------------------------------------------------------------------------------------


def test_the_learning_rate_changes_without_recompiling(digits):
    x_train, y_train, *_ = digits
    model = tutorial_model()
    model.compile(optimizer=SGD(0.1), loss="categorical_crossentropy")
    model.train_on_batch(x_train[:32], y_train[:32])
    K.set_value(model.optimizer.lr, 0.001)
    assert K.get_value(model.optimizer.lr) == np.float32(0.001)
    before, compiled = model.get_weights(), model.train_function
    model.train_on_batch(x_train[:32], y_train[:32])
    small = np.abs(model.get_weights()[3] - before[3]).max()
    K.set_value(model.optimizer.lr, 0.0)
    before = model.get_weights()
    model.train_on_batch(x_train[:32], y_train[:32])
    assert small > 0
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    assert model.train_function is compiled


def test_small_backend_functions():
    a = np.arange(6, dtype="float32").reshape(2, 3)
    np.testing.assert_array_equal(K.dot(a, a.T), a @ a.T)
    np.testing.assert_allclose(K.mean(a, axis=1), a.mean(axis=1))
    np.testing.assert_allclose(K.sum(K.square(a)), (a**2).sum())
    assert K.floatx() == "float32"
    assert K.epsilon() == 1e-7


# ---- a layer of one's own ---------------------------------------------------------------------------------------------------


class MyLayer(Layer):
    def __init__(self, output_dim, **kwargs):
        self.output_dim = output_dim
        super().__init__(**kwargs)

    def build(self, input_shape):
        self.kernel = self.add_weight(
            name="kernel", shape=(input_shape[1], self.output_dim), initializer="uniform", trainable=True
        )
        super().build(input_shape)

    def call(self, x):
        return K.dot(x, self.kernel)

    def compute_output_shape(self, input_shape):
        return (input_shape[0], self.output_dim)


def test_a_layer_of_ones_own_builds_trains_saves_and_exports(digits, tmp_path):
    x_train, y_train, x_test, y_test = digits
    set_random_seed(2)
    model = Sequential()
    model.add(MyLayer(24, input_shape=(784,)))
    model.add(Dense(10, activation="softmax"))
    assert model.count_params() == 784 * 24 + 24 * 10 + 10
    model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
    model.fit(x_train, y_train, epochs=5, verbose=0)
    assert model.evaluate(x_test, y_test, verbose=0)[1] > 0.9
    expected = model.predict(x_test, verbose=0)
    for name in ("mine.h5", "mine.keras"):
        model.save(tmp_path / name)
        again = load_model(tmp_path / name, custom_objects={"MyLayer": MyLayer})
        np.testing.assert_array_equal(again.predict(x_test, verbose=0), expected)
    model.export(tmp_path / "mine.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "mine.onnx", providers=["CPUExecutionProvider"])
    found = session.run(None, {session.get_inputs()[0].name: x_test})[0]
    np.testing.assert_allclose(found, expected, atol=1e-5)
