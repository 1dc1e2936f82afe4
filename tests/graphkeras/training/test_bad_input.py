"""Wrong data and arguments of fit and its kin: refused before anything is trained, with what came and what to do."""

import numpy as np
import pytest

import graphkeras as keras

X = np.random.default_rng(0).normal(size=(20, 4)).astype("float32")
Y = np.arange(20) % 3


@pytest.fixture
def model():
    model = keras.Sequential([keras.Input((4,), name="flowers"), keras.layers.Dense(3, activation="softmax")])
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def refused(call, *parts, error=ValueError):
    with pytest.raises(error) as caught:
        call()
    text = "\n".join([str(caught.value), *getattr(caught.value, "__notes__", [])])
    for part in parts:
        assert part in text, f"{part!r} is not in: {text}"


def test_fit_before_compile():
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
    for call in (lambda: model.fit(X, Y), lambda: model.evaluate(X, Y), lambda: model.train_on_batch(X, Y)):
        refused(call, "must be compiled", "model.compile(")
    assert model.predict(X, verbose=0).shape == (20, 3)


def test_wrong_shapes(model):
    refused(lambda: model.fit(X[:, :3], Y), "flowers", "4", "3")
    refused(lambda: model.predict(X[:, :3], verbose=0), "flowers")
    refused(lambda: model.fit(X, Y[:10]), "x has 20", "y has 10")
    refused(lambda: model.fit(X, Y, sample_weight=np.ones(19)), "sample_weight has 19")
    refused(lambda: model.fit(X, Y, sample_weight=np.ones((20, 2))), "sample_weight of shape (batch, 2)", "(batch,)")
    refused(lambda: model.fit(X, np.eye(3)[Y]), "(batch, 3)", "categorical_crossentropy")
    model.compile(optimizer="adam", loss="categorical_crossentropy")
    refused(lambda: model.fit(X, Y), "sparse_categorical_crossentropy")


def test_wrong_number_of_inputs_and_outputs(model):
    refused(lambda: model.fit([X, X], Y), "flowers")
    refused(lambda: model.fit(X, [Y, Y]), "y has 2 entries", "number of outputs of the model is 1")
    refused(lambda: model.fit(X), "needs targets")


def test_labels_out_of_range(model):
    refused(lambda: model.fit(X, Y + 1, verbose=0), "0 to 2", "from 1 to 3", "subtract 1")
    refused(lambda: model.fit(X, Y - 1, verbose=0), "from -1 to 1", "sample 0: -1")
    refused(lambda: model.evaluate(X, Y + 5, verbose=0), "from 5 to 7", "one unit for each class")
    refused(lambda: model.train_on_batch(X, Y + 1), "0 to 2")
    refused(lambda: model.fit(X, Y + 0.5, verbose=0), "no whole numbers, such as 0.5", "categorical_crossentropy")
    refused(lambda: model.fit(iter([(X, Y), (X, Y + 1)]), verbose=0), "0 to 2")
    refused(lambda: model.fit(X, Y, validation_data=(X, Y + 1), verbose=0), "0 to 2")


def test_things_that_are_no_numbers(model):
    holes = X.copy()
    holes[7, 2] = np.nan
    refused(lambda: model.fit(holes, Y), "x holds NaN in 1 of 20 samples", "index 7")
    refused(lambda: model.fit(X, Y, sample_weight=np.full(20, np.nan)), "sample_weight holds NaN")
    refused(lambda: model.fit(np.array([["a"] * 4] * 20), Y), "takes numbers, got strings", "StringLookup", error=TypeError)
    refused(lambda: model.fit("data.csv", Y), "'data.csv'", error=TypeError)
    mixed = X.astype(object)
    mixed[3, 1] = None
    refused(lambda: model.fit(mixed, Y), "objects", "index (3, 1): None", error=TypeError)
    refused(lambda: model.fit(X, [None] * 20), "y must be an array of numbers", "index 0: None", error=TypeError)
    refused(lambda: model.fit(None, Y), "x is missing")
    refused(lambda: model.fit(X.astype("complex64"), Y), "complex64", error=TypeError)
    refused(lambda: model.fit(np.float32(3), Y), "scalar")
    refused(lambda: model.predict(model.inputs[0]), "symbolic", error=TypeError)


def test_lists_of_numbers_are_arrays(model):
    assert model.predict(X.tolist(), verbose=0).shape == (20, 3)
    refused(lambda: model.fit([[1, 2, 3, 4], [1, 2]], [0, 1]), "rows have different lengths")


def test_empty_data(model):
    refused(lambda: model.fit(X[:0], Y[:0]), "empty", "0 samples")
    refused(lambda: model.fit([], []), "empty")
    refused(lambda: model.predict(X[:0]), "empty")


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"batch_size": 0}, ValueError, "batch_size must be at least 1, got 0"),
        ({"batch_size": -3}, ValueError, "batch_size must be at least 1"),
        ({"batch_size": 2.5}, TypeError, "batch_size must be an integer"),
        ({"epochs": 0}, ValueError, "epochs must be at least 1"),
        ({"epochs": "many"}, TypeError, "epochs must be an integer"),
        ({"validation_split": 1.0}, ValueError, "above 0 and below 1"),
        ({"validation_split": -0.5}, ValueError, "above 0 and below 1"),
        ({"validation_split": 0.99}, ValueError, "leaves 0 for training and 20 for validation"),
        ({"validation_split": 0.5, "validation_data": (X, Y)}, ValueError, "not both"),
        ({"validation_data": X}, ValueError, "validation_data must be"),
        ({"verbose": 7}, ValueError, "verbose must be"),
        ({"steps_per_epoch": 0}, ValueError, "number of steps must be at least 1"),
        ({"class_weight": [1, 2]}, TypeError, "class_weight must be a dict"),
        ({"callbacks": ["stop"]}, TypeError, "'stop'"),
        ({"initial_epoch": -1}, ValueError, "initial_epoch"),
    ],
)
def test_wrong_arguments(model, arguments, error, message):
    refused(lambda: model.fit(X, Y, **{"verbose": 0, **arguments}), message, error=error)


def test_nothing_is_trained_when_data_is_refused(model):
    before = model.get_weights()
    refused(lambda: model.fit(X, Y + 1, verbose=0), "0 to 2")
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights()))


def test_unknown_names_list_near_matches():
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
    refused(lambda: model.compile(optimizer="adma"), "'adma'", "'adam'")
    refused(lambda: model.compile(loss="mean_square_error"), "'mean_square_error'", "'mean_squared_error'")
    refused(lambda: model.compile(loss="mse", metrics=["acuracy"]), "'acuracy'", "'accuracy'")
    refused(lambda: model.compile(loss="mse", metrics="accuracy"), "metrics must be a list", error=TypeError)


def test_several_outputs_by_wrong_names():
    inputs = keras.Input((4,))
    model = keras.Model(inputs, [keras.layers.Dense(1, name="left")(inputs), keras.layers.Dense(1, name="right")(inputs)])
    model.compile(loss={"left": "mse", "rigth": "mse"})
    refused(lambda: model.fit(X, [Y, Y], verbose=0), "loss: 'rigth'", "'right'")
    model.compile(loss="mse", metrics=["mae"])
    refused(lambda: model.fit(X, [Y, Y], verbose=0), "metrics has 1 entries", "2 outputs")
    model.compile(loss="mse")
    refused(lambda: model.fit(X, Y, verbose=0), "y is one array", "left, right")


def test_a_loss_that_gives_no_number():
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
    model.compile(loss=keras.losses.MeanSquaredError(reduction="none"))
    refused(lambda: model.fit(X, np.eye(3)[Y], verbose=0), "needs one number")
    model.compile()
    refused(lambda: model.fit(X, np.eye(3)[Y], verbose=0), "There is no loss")
