"""Names of older Keras and of other libraries: the error says what to write instead."""

import numpy as np
import pytest

import graphkeras as keras
from graphkeras.removed_names import Removed

X = np.ones((4, 3), "float32")


@pytest.fixture
def model():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    return model


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("fit_generator", r"model.fit\(generator"),
        ("predict_classes", "argmax"),
        ("predict_proba", "model.predict"),
        ("to_yaml", "to_json"),
        ("zero_grad", r"graphkeras.gradients\(loss"),
        ("add_metric", "update_state"),
    ],
)
def test_methods_of_models(model, name, advice):
    with pytest.raises(AttributeError, match=f"'Sequential' has no attribute '{name}'. .*{advice}"):
        getattr(model, name)
    assert not hasattr(model, name)


def test_attributes_of_layers(model):
    with pytest.raises(AttributeError, match=r"layer.output.shape"):
        model.layers[0].output_shape  # noqa: B018
    assert model.output_shape == (None, 1)


def test_attributes_of_symbols():
    x = keras.Input((3,))
    with pytest.raises(AttributeError, match=r"has no numbers before the model runs: Model\(inputs, tensor\).predict"):
        x.numpy()
    with pytest.raises(AttributeError, match=r"graphkeras.gradients\(loss, variables\)"):
        x.backward()


def test_a_users_own_attribute_of_that_name():
    class Own(keras.layers.Layer):
        def __init__(self):
            super().__init__()
            self.output_shape = (7,)

        def add_metric(self):
            return "mine"

    assert Own().output_shape == (7,) and Own().add_metric() == "mine"


def test_a_removed_attribute_of_a_class():
    class Thing:
        old = Removed("Use new.")

    with pytest.raises(AttributeError, match=r"'Thing' has no attribute 'old'. Use new."):
        Thing.old  # noqa: B018


@pytest.mark.parametrize(
    ("make", "advice"),
    [
        (lambda: keras.layers.Conv2D(3, 3, border_mode="same"), "border_mode: It is called padding now."),
        (
            lambda: keras.layers.Dense(3, init="ones", W_regularizer="l2"),
            "W_regularizer: It is called kernel_regularizer now.",
        ),
        (lambda: keras.Model(input=keras.Input((3,)), output=keras.Input((3,))), "output: It is called outputs now."),
    ],
)
def test_arguments_of_layers(make, advice):
    with pytest.raises(ValueError, match=advice):
        make()


def test_other_arguments_of_layers():
    with pytest.raises(ValueError, match=r"unknown argument colour. Besides its own, a layer takes name, dtype"):
        keras.layers.Dense(3, colour="red")


def test_errors_of_a_users_own_functions_get_no_note():
    def loss(y, y_pred):
        return keras.losses.mean_squared_error(y, y_pred, p=2)

    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile("sgd", loss)
    assert "rate" not in noted(lambda: model.fit(X, X[:, :1]))


def noted(act):
    with pytest.raises(TypeError, match="unexpected keyword") as caught:
        act()
    return " ".join(getattr(caught.value, "__notes__", []))


def test_arguments_of_training(model):
    assert noted(lambda: model.fit(X, X[:, :1], nb_epoch=2)) == "nb_epoch: It is called epochs now."
    assert "PyDataset(workers=..." in noted(lambda: model.predict(X, workers=2))
    assert "Leave it out" in noted(lambda: model.compile("sgd", "mse", sample_weight_mode="temporal"))
    assert noted(lambda: model.fit(X, X[:, :1], colour="red")) == ""


def test_a_train_step_of_the_jax_backend():
    class Stateless(keras.Model):
        def call(self, x):
            return x

        def train_step(self, state, data):
            return {}, state

    model = Stateless()
    model.compile("sgd", "mse")
    with pytest.raises(TypeError, match=r"train_step must take the data alone, train_step\(self, data\), but takes state"):
        model.fit(X, X)


def test_decay_is_ignored_with_a_warning():
    with pytest.warns(UserWarning, match="SGD: decay is ignored. .*InverseTimeDecay") as caught:
        optimizer = keras.optimizers.SGD(lr=0.5, decay=1e-6)
    assert float(optimizer.learning_rate) == 0.5 and caught[0].filename == __file__


def test_save_format_is_ignored_with_a_warning(model, tmp_path):
    for save in (model.save, lambda *args, **options: keras.saving.save_model(model, *args, **options)):
        with pytest.warns(UserWarning, match="save_format='tf' is ignored: the ending") as caught:
            save(tmp_path / "model.keras", save_format="tf")
        assert caught[0].filename == __file__
    assert keras.saving.load_model(tmp_path / "model.keras").predict(X).shape == (4, 1)


def test_an_array_is_no_input():
    with pytest.raises(TypeError, match="the tensor of an input must be symbolic, got ndarray"):
        keras.Input(tensor=X)
