"""Callbacks as a user meets them."""

import csv
import math

import numpy as np
import pytest

import graphkeras as keras

X = np.random.default_rng(0).normal(size=(24, 3)).astype("float32")
Y = X @ np.array([[1.0], [2.0], [-1.0]], "float32")


@pytest.fixture
def model():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1, kernel_initializer="zeros")])
    model.compile(optimizer=keras.optimizers.SGD(0.1), loss="mse", metrics=["mae"])
    return model


class Spy(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.calls = []

    def on_train_begin(self, logs=None):
        self.calls.append("train_begin")

    def on_train_end(self, logs=None):
        self.calls.append(f"train_end {sorted(logs)}")

    def on_epoch_begin(self, epoch, logs=None):
        self.calls.append(f"epoch_begin {epoch}")

    def on_epoch_end(self, epoch, logs=None):
        self.calls.append(f"epoch_end {epoch} {sorted(logs)}")

    def on_batch_begin(self, batch, logs=None):
        self.calls.append(f"batch_begin {batch}")

    def on_train_batch_end(self, batch, logs=None):
        self.calls.append(f"batch_end {batch} {sorted(logs)}")

    def on_test_begin(self, logs=None):
        self.calls.append("test_begin")

    def on_test_batch_end(self, batch, logs=None):
        self.calls.append(f"test_batch_end {batch}")


def test_the_order_of_calls(model):
    spy = Spy()
    model.fit(X, Y, batch_size=16, validation_data=(X[:4], Y[:4]), callbacks=[spy], verbose=0)
    logs = "['loss', 'mae']"
    all_logs = "['loss', 'mae', 'val_loss', 'val_mae']"
    assert spy.calls == [
        "train_begin",
        "epoch_begin 0",
        "batch_begin 0",
        f"batch_end 0 {logs}",
        "batch_begin 1",
        f"batch_end 1 {logs}",
        "test_begin",
        "test_batch_end 0",
        f"epoch_end 0 {all_logs}",
        f"train_end {all_logs}",
    ]
    assert spy.params == {"verbose": 0, "epochs": 1, "steps": 2, "steps_per_execution": 1} and spy.model is model


def test_logs_of_a_batch_are_running_means(model):
    model.optimizer.learning_rate = 0.0
    seen = []
    spy = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: seen.append(logs["loss"]))
    model.fit(X, Y, batch_size=8, shuffle=False, verbose=0, callbacks=spy)
    squares = (Y[:, 0] ** 2).reshape(3, 8)
    np.testing.assert_allclose(seen, [squares[: k + 1].mean() for k in range(3)], rtol=1e-5)


def test_nobody_fetches_logs_that_nobody_wants(model, monkeypatch):
    model.fit(X, Y, batch_size=8, verbose=0)
    fetched = []
    prepared = model.train_function.prepare((X[:8], Y[:8]))
    original = type(prepared).fetch
    monkeypatch.setattr(type(prepared), "fetch", lambda self: fetched.append(1) or original(self))
    model.fit(X, Y, batch_size=8, epochs=2, verbose=0, callbacks=[keras.callbacks.EarlyStopping("loss", patience=5)])
    assert len(fetched) == 2  # once an epoch


def test_early_stopping_restores_the_best_weights(model):
    script = iter([3.0, 1.0, 2.0, 2.0, 2.0, 2.0])
    weights = []

    class Script(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            logs["val_loss"] = next(script)
            weights.append(self.model.get_weights())

    stop = keras.callbacks.EarlyStopping(patience=2, restore_best_weights=True)
    history = model.fit(X, Y, epochs=6, verbose=0, callbacks=[Script(), stop])
    assert len(history.epoch) == 4 and stop.stopped_epoch == 3 and stop.best_epoch == 1 and stop.best == 1.0
    assert all(np.array_equal(a, b) for a, b in zip(weights[1], model.get_weights()))


def test_early_stopping_knows_that_accuracy_should_rise():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, activation="softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    stop = keras.callbacks.EarlyStopping(monitor="accuracy", patience=50)
    model.fit(X, (Y[:, 0] > 0).astype(int), epochs=3, verbose=0, callbacks=[stop])
    assert stop._watch.rises
    lower = keras.callbacks.EarlyStopping(monitor="loss")
    model.fit(X, (Y[:, 0] > 0).astype(int), verbose=0, callbacks=[lower])
    assert not lower._watch.rises


def test_a_figure_that_is_not_there_is_told(model):
    with pytest.warns(UserWarning, match=r"EarlyStopping watches 'val_loss', which is not in the logs: loss, mae"):
        model.fit(X, Y, verbose=0, callbacks=[keras.callbacks.EarlyStopping()])


def test_terminate_on_nan(model, capsys):
    model.optimizer.learning_rate = 1e30
    history = model.fit(X, Y, batch_size=4, epochs=5, verbose=0, callbacks=[keras.callbacks.TerminateOnNaN()])
    assert len(history.epoch) == 1 and not math.isfinite(history.history["loss"][0])
    assert "Invalid loss, terminating training" in capsys.readouterr().out


def test_learning_rate_scheduler(model):
    rates = []
    spy = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: rates.append(logs["learning_rate"]))
    schedule = keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2)
    model.fit(X, Y, epochs=3, verbose=0, callbacks=[schedule, spy])
    np.testing.assert_allclose(rates, [0.05, 0.025, 0.0125])
    with pytest.raises(ValueError, match="must return a number"):
        model.fit(X, Y, verbose=0, callbacks=[keras.callbacks.LearningRateScheduler(lambda epoch: "slow")])


def test_reduce_on_plateau(model, capsys):
    model.optimizer.learning_rate = 0.0
    reduce = keras.callbacks.ReduceLROnPlateau("loss", factor=0.5, patience=2, min_lr=0.2, verbose=1)
    rates = []

    class Rates(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            rates.append(float(self.model.optimizer.learning_rate))

    class Flat(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            logs["loss"] = 1.0

    model.optimizer.learning_rate = 0.5
    model.fit(X, Y, epochs=7, verbose=0, callbacks=[Flat(), reduce, Rates()])
    np.testing.assert_allclose(rates, [0.5, 0.5, 0.25, 0.25, 0.2, 0.2, 0.2], rtol=1e-6)
    assert "ReduceLROnPlateau reducing learning rate to 0.25" in capsys.readouterr().out


def test_a_schedule_cannot_be_changed_by_a_callback(model):
    model.compile(optimizer=keras.optimizers.SGD(keras.optimizers.schedules.CosineDecay(0.1, 10)), loss="mse")
    with pytest.raises(TypeError, match="is a schedule"):
        model.fit(X, Y, verbose=0, callbacks=[keras.callbacks.LearningRateScheduler(lambda epoch: 0.1)])


def test_csv_logger(model, tmp_path):
    path = tmp_path / "log.csv"
    history = model.fit(X, Y, epochs=2, verbose=0, callbacks=[keras.callbacks.CSVLogger(path)])
    model.fit(X, Y, epochs=1, verbose=0, callbacks=[keras.callbacks.CSVLogger(path, append=True)])
    rows = list(csv.DictReader(path.read_text().splitlines()))
    assert [row["epoch"] for row in rows] == ["0", "1", "0"] and list(rows[0]) == ["epoch", "loss", "mae"]
    assert float(rows[1]["loss"]) == history.history["loss"][1]


def test_checkpoints(model, tmp_path):
    every = keras.callbacks.ModelCheckpoint(tmp_path / "at_{epoch:02d}.weights.h5", save_weights_only=True)
    model.fit(X, Y, epochs=2, verbose=0, callbacks=[every])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["at_01.weights.h5", "at_02.weights.h5"]
    best = keras.callbacks.ModelCheckpoint(tmp_path / "best.keras", monitor="loss", save_best_only=True)
    model.fit(X, Y, epochs=2, verbose=0, callbacks=[best])
    again = keras.models.load_model(tmp_path / "best.keras")
    np.testing.assert_array_equal(again.predict(X, verbose=0), model.predict(X, verbose=0))
    assert best.best is not None
    with pytest.raises(ValueError, match=r"filepath must end with \.keras"):
        keras.callbacks.ModelCheckpoint(tmp_path / "best.pt")


def test_checkpoints_every_few_batches(model, tmp_path):
    path = tmp_path / "b{batch}.weights.h5"
    every = keras.callbacks.ModelCheckpoint(path, save_weights_only=True, save_freq=2)
    model.fit(X, Y, batch_size=4, verbose=0, callbacks=[every])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b2.weights.h5", "b4.weights.h5", "b6.weights.h5"]


def test_steps_per_execution_is_how_often_batches_are_told(model):
    model.compile("sgd", "mse", steps_per_execution=3)
    seen = []
    spy = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: seen.append(batch))
    model.fit(X, Y, batch_size=4, verbose=0, callbacks=[spy])
    assert seen == [2, 5]


def test_a_callback_may_end_training_in_an_epoch(model):
    class Stop(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            self.model.stop_training = batch == 1

    model.fit(X, Y, batch_size=4, epochs=3, verbose=0, callbacks=[Stop()])
    assert int(model.optimizer.iterations) == 2


def test_an_unknown_moment_is_refused():
    with pytest.raises(TypeError, match="no moment on_epoch_finish"):
        keras.callbacks.LambdaCallback(on_epoch_finish=print)
