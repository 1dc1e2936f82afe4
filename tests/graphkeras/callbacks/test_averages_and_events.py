"""SwapEMAWeights and TensorBoard."""

from pathlib import Path

import numpy as np
import pytest

import graphkeras as keras

RNG = np.random.default_rng(0)
X = RNG.normal(size=(32, 3)).astype("float32")
Y = X[:, :1] * 2


def linear(**options):
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1, kernel_initializer="ones")])
    model.compile(keras.optimizers.SGD(0.1, **options), "mse")
    return model


def test_evaluation_uses_the_averages_and_training_goes_on_with_the_weights():
    plain, swapped = linear(use_ema=True, ema_momentum=0.9), linear(use_ema=True, ema_momentum=0.9)
    seen = []
    look = keras.callbacks.LambdaCallback(on_test_batch_end=lambda batch, logs: seen.append(swapped.get_weights()[0].copy()))
    options = {"batch_size": 8, "epochs": 3, "shuffle": False, "verbose": 0, "validation_data": (X, Y)}
    expected = plain.fit(X, Y, **options).history
    history = swapped.fit(X, Y, **options, callbacks=[keras.callbacks.SwapEMAWeights(), look]).history
    assert history["loss"] == expected["loss"] and history["val_loss"] != expected["val_loss"]
    for a, b in zip(plain.get_weights(), swapped.get_weights()):
        np.testing.assert_array_equal(a, b)  # both end with the averages
    np.testing.assert_array_equal(seen[-1], swapped.get_weights()[0])


def test_swapped_at_the_end_of_epochs():
    model, at_end = linear(use_ema=True, ema_momentum=0.5), []
    look = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: at_end.append(model.get_weights()[0].copy()))
    callbacks = [keras.callbacks.SwapEMAWeights(swap_on_epoch=True), look]
    model.fit(X, Y, batch_size=8, epochs=2, shuffle=False, verbose=0, callbacks=callbacks)
    expected = linear(use_ema=True, ema_momentum=0.5)
    expected.fit(X, Y, batch_size=8, epochs=1, shuffle=False, verbose=0)
    np.testing.assert_allclose(at_end[0], expected.get_weights()[0], rtol=1e-6)
    np.testing.assert_array_equal(at_end[1], model.get_weights()[0])
    np.testing.assert_array_equal(model.optimizer._averages[0].numpy(), model.get_weights()[0])


def test_an_optimizer_without_averages_is_refused():
    with pytest.raises(ValueError, match=r"SGD\(use_ema=True\)"):
        linear().fit(X, Y, verbose=0, callbacks=[keras.callbacks.SwapEMAWeights()])


def events(folder):
    """{tag: [(step, value), ...]} of the event files in a folder, and the tags of other summaries."""
    tensorboardx = pytest.importorskip("tensorboardX")
    record, found = tensorboardx.proto.event_pb2.Event, {}
    for path in sorted(Path(folder).glob("events*")):
        data, place = path.read_bytes(), 0
        while place < len(data):  # length, checksum of it, data, checksum of it
            size = int.from_bytes(data[place : place + 8], "little")
            event = record.FromString(data[place + 12 : place + 12 + size])
            place += 16 + size
            for value in event.summary.value:
                found.setdefault(value.tag, []).append((event.step, value.simple_value))
    return found


def test_figures_for_tensorboard(tmp_path):
    pytest.importorskip("tensorboardX")
    model = linear()
    board = keras.callbacks.TensorBoard(tmp_path, histogram_freq=2, update_freq=3, write_steps_per_second=True)
    history = model.fit(X, Y, batch_size=8, epochs=3, verbose=0, validation_data=(X, Y), callbacks=[board]).history
    train, validation = events(tmp_path / "train"), events(tmp_path / "validation")
    np.testing.assert_allclose([value for _, value in train["epoch_loss"]], history["loss"], rtol=1e-6)
    assert [step for step, _ in train["epoch_loss"]] == [0, 1, 2]
    np.testing.assert_allclose([value for _, value in validation["epoch_loss"]], history["val_loss"], rtol=1e-6)
    assert [step for step, _ in train["batch_loss"]] == [3, 6, 9, 12]
    assert train["epoch_learning_rate"][0][1] == pytest.approx(0.1) and "epoch_steps_per_second" in train
    histograms = [tag for tag in train if tag.endswith("/histogram")]
    assert len(histograms) == 2 and all(len(train[tag]) == 2 for tag in histograms)
    assert any("keras" in tag for tag in train)


@pytest.mark.parametrize("wrong", [{"update_freq": "step"}, {"profile_batch": 2}, {"write_images": True}])
def test_what_tensorboard_does_not_do(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        keras.callbacks.TensorBoard(**wrong)
