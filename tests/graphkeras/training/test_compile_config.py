"""The arguments of compile in files."""

import json

import numpy as np
import pytest

import graphkeras as keras

X, Y = np.ones((4, 3), "float32"), np.zeros((4, 2), "float32")


def new_model():
    return keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])


def test_round_trip_through_json():
    model = new_model()
    model.compile(
        optimizer=keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(0.1, 10), clipnorm=1.0),
        loss=keras.losses.Huber(0.5),
        metrics=["mae", keras.metrics.RootMeanSquaredError(name="root")],
        weighted_metrics=["mse"],
    )
    config = json.loads(json.dumps(model.get_compile_config()))
    again = new_model()
    again.compile_from_config(config)
    assert again.get_compile_config() == model.get_compile_config()
    assert len(again.optimizer.variables) == 1 + 2 * 2  # built: iteration and two slots for each weight
    again.set_weights(model.get_weights())
    assert again.evaluate(X, Y, verbose=0) == model.evaluate(X, Y, verbose=0)


def test_strings_stay_strings():
    model = new_model()
    model.compile("adam", "mse", metrics=["accuracy"])
    config = model.get_compile_config()
    assert list(config) == [
        "optimizer",
        "loss",
        "loss_weights",
        "metrics",
        "weighted_metrics",
        "run_eagerly",
        "steps_per_execution",
        "jit_compile",
    ]
    assert config["loss"] == "mse" and config["metrics"] == ["accuracy"]
    assert config["optimizer"]["class_name"] == "Adam" and config["optimizer"]["module"] == "keras.optimizers"


def test_without_compile_there_is_none():
    assert new_model().get_compile_config() is None


def test_what_cannot_be_written_is_told():
    class Odd:
        def __call__(self, y_true, y_pred):
            return y_pred

    model = new_model()
    model.compile("adam", Odd())
    with pytest.warns(UserWarning, match="saved without its training configuration"):
        assert model.get_compile_config() is None


def test_keras_2_spellings():
    model = new_model()
    model.compile_from_config(
        {
            "optimizer_config": {
                "class_name": "Adam",
                "config": {"name": "Adam", "learning_rate": 0.5, "decay": 0.0, "beta_1": 0.8},
            },
            "loss": {"class_name": "MeanSquaredError", "config": {"reduction": "auto", "name": "mean_squared_error"}},
            "metrics": [
                [{"class_name": "MeanMetricWrapper", "config": {"name": "acc", "dtype": "float32", "fn": "binary_accuracy"}}]
            ],
            "weighted_metrics": None,
            "loss_weights": None,
        }
    )
    assert float(model.optimizer.learning_rate) == 0.5 and model.optimizer.beta_1 == 0.8
    assert set(model.evaluate(X, Y, verbose=0, return_dict=True)) == {"acc", "loss"}


def test_a_compile_method_of_its_own_is_left_to_the_user():
    class Model(keras.Model):
        def compile(self, painter):
            super().compile(optimizer=painter)

    with pytest.warns(UserWarning, match="compile method of its own"):
        Model().compile_from_config({"optimizer": "adam", "loss": "mse"})
