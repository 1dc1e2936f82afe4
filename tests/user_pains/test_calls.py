"""Pains 1 to 5: calls that leak, calls that are slow, and compiling again and again."""

import gc
import time
import warnings

import numpy as np
import pytest

import graphkeras as keras
from graphkeras import ops

layers = keras.layers


def test_1_predict_in_a_loop_does_not_grow_memory(classifier, resident_bytes):
    """Pain: `predict` in a loop leaks. Here ten thousand calls leave the process as large as it was."""
    x = np.ones((4, 8), "float32")
    for _ in range(500):
        classifier.predict(x, verbose=0)
    gc.collect()
    before = resident_bytes()
    for _ in range(10_000):
        classifier.predict(x, verbose=0)
    assert resident_bytes() - before < 2 << 20


def test_2_predict_of_a_small_batch_costs_microseconds(classifier):
    """Pain: `predict` takes 35 ms a call, 300 times as much as `model(x)`. Here it takes some 30 µs, and less than that.

    The bounds are 1 ms of processor time, and what calling the model takes.
    """
    x = np.ones((4, 8), "float32")

    def least_seconds(call):
        call()
        found = []
        for _ in range(8):
            started = time.process_time()
            for _ in range(20):
                call()
            found.append((time.process_time() - started) / 20)
        return min(found)

    predicted = least_seconds(lambda: classifier.predict(x, verbose=0))
    assert predicted < 1e-3
    assert predicted < least_seconds(lambda: classifier(x)), "predict is slower than calling the model"


def test_3_a_training_step_is_one_program(classifier, compilations):
    """Pain: small steps are slow, since each operation is a call. Here forward, backward, optimizer and metrics are one."""
    x, y = np.ones((64, 8), "float32"), np.zeros(64, "int32")
    classifier.fit(x, y, batch_size=16, epochs=3, verbose=0)
    assert compilations == ["train_step"]
    (program,) = classifier.train_function.programs
    assert program.compiled.executable.stats.launches == 1
    updated = {slot.name for slot in program.graph.state if slot.is_updated}
    assert {weight.path for weight in classifier.trainable_weights} < updated
    assert {variable.path for variable in classifier.optimizer.variables} - updated <= {"adam/learning_rate"}
    assert any("accuracy" in name for name in updated)


@pytest.mark.parametrize("steps_per_execution", [1, 7, 50])
def test_4_steps_per_execution_compiles_nothing_more(compilations, steps_per_execution):
    """Pain: `steps_per_execution` traces the step once for each step of an execution: 30 s for 20. Here it is one program.

    A launch costs some microseconds, so steps need not be joined; callbacks come every so many steps, and the numbers are
    those of single steps.
    """
    keras.utils.set_random_seed(7)
    model = keras.Sequential([keras.Input((8,)), layers.Dense(1)])
    model.compile("adam", "mse", steps_per_execution=steps_per_execution)
    x = np.random.default_rng(0).normal(size=(100, 8)).astype("float32")
    ends = []
    watch = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: ends.append(batch))
    history = model.fit(x, x[:, :1], batch_size=2, epochs=2, shuffle=False, verbose=0, callbacks=[watch])
    assert compilations == ["train_step"]
    assert len(model.train_function.programs[0].graph.nodes) < 80
    assert ends == 2 * list(range(steps_per_execution - 1, 50, steps_per_execution))
    assert history.history["loss"] == _loss_of_single_steps()


def _loss_of_single_steps():
    keras.utils.set_random_seed(7)
    model = keras.Sequential([keras.Input((8,)), layers.Dense(1)])
    model.compile("adam", "mse")
    x = np.random.default_rng(0).normal(size=(100, 8)).astype("float32")
    return model.fit(x, x[:, :1], batch_size=2, epochs=2, shuffle=False, verbose=0).history["loss"]


def test_5_other_batch_sizes_compile_nothing(classifier, compilations, random):
    """Pain: each batch size traces anew. Here the batch is a symbol, also for the smaller last batch of an epoch."""
    x, y = random.normal(size=(70, 8)).astype("float32"), random.integers(0, 4, 70)
    for size in (1, 2, 7, 32, 70):
        classifier.fit(x, y, batch_size=size, verbose=0)
        classifier.evaluate(x, y, batch_size=size, verbose=0)
        classifier.predict(x, batch_size=size, verbose=0)
        classifier.train_on_batch(x[:size], y[:size])
    assert sorted(compilations) == ["predict_step", "test_step", "train_step"]


def sequence_models():
    """Models for sequences of any length, one for each family of layers that looks along them."""
    tokens, rows = keras.Input((None,), dtype="int32"), keras.Input((None, 6))
    embedded = layers.Embedding(9, 6, mask_zero=True)(tokens)
    attended = layers.MultiHeadAttention(2, 4)(rows, rows, use_causal_mask=True)
    convolved = layers.Conv1D(5, 3, padding="causal", activation="relu")(rows)
    pooled = layers.UpSampling1D(2)(layers.MaxPooling1D(2, padding="same")(convolved))
    return {
        "lstm": (tokens, layers.Dense(1)(layers.LSTM(4, return_sequences=True)(embedded))),
        "bidirectional": (tokens, layers.Bidirectional(layers.GRU(3))(embedded)),
        "attention": (rows, layers.LayerNormalization()(layers.Add()([rows, attended]))),
        "convolution": (rows, layers.GlobalAveragePooling1D()(layers.BatchNormalization()(pooled))),
        "reshaping": (rows, layers.Dense(2)(layers.Reshape((-1, 3))(layers.Permute((2, 1))(rows)))),
    }


@pytest.mark.parametrize("name", ["lstm", "bidirectional", "attention", "convolution", "reshaping"])
def test_5_other_lengths_are_compiled_once_more_and_never_again(name, compilations, random):
    """Pain: each length of sequences traces anew. Here the second length makes one program for all further ones."""
    inputs, outputs = sequence_models()[name]
    model = keras.Model(inputs, outputs)
    model.compile("sgd", "mse")

    def data(length, size=4):
        wide = (size, length, *inputs.shape[2:])
        numbers = random.integers(1, 9, wide) if inputs.dtype == "int32" else random.normal(size=wide)
        return numbers.astype(inputs.dtype)

    for length in (6, 8, 12, 2, 30, 6):
        x = data(length)
        predicted = model.predict(x, verbose=0)
        np.testing.assert_allclose(predicted, model(x, training=False), rtol=1e-4, atol=1e-5)
        loss = model.train_on_batch(x, np.zeros_like(predicted))
        assert np.isfinite(loss)
    assert sorted(compilations) == ["predict_step"] * 2 + ["train_step"] * 2
    assert len(model.predict_function.programs) == 2


def test_5_lengths_that_move_apart_are_open_each_for_itself(compilations, random):
    """Two inputs are as long as each other at first, and then they are not: one more program, and no other."""
    inputs = [keras.Input((None, 3)), keras.Input((None, 3))]
    model = keras.Model(inputs, layers.Concatenate(axis=1)(inputs))
    for lengths in ((4, 4), (5, 5), (6, 7), (9, 2), (4, 4), (3, 3), (8, 5)):
        x = [random.normal(size=(2, length, 3)).astype("float32") for length in lengths]
        np.testing.assert_array_equal(model.predict(x, verbose=0), np.concatenate(x, axis=1))
    assert compilations == ["predict_step"] * 3


def test_5_a_size_of_one_is_not_taken_for_a_longer_one(random):
    """An axis of size 1 is broadcast; a program made for longer ones must not be used for it."""

    class Centered(keras.Model):
        def call(self, x):
            return ops.squeeze(x, 1) if x.shape[1] == 1 else x - ops.mean(x, axis=1, keepdims=True)

    model = Centered()
    for length in (3, 4, 1, 5, 1):
        x = random.normal(size=(2, length)).astype("float32")
        expected = x[:, 0] if length == 1 else x - x.mean(1, keepdims=True)
        np.testing.assert_allclose(model.predict(x, verbose=0), expected, rtol=1e-5, atol=1e-6)


class NeedsNumbers(keras.Model):
    """A model whose Python code needs the length as a number, so that it cannot be left open."""

    def call(self, x):
        total = x[:, 0]
        for place in range(1, int(x.shape[1])):
            total = total + x[:, place]
        return total


def test_5_many_programs_are_reported(compilations, random):
    """A model that cannot be compiled for open lengths gets a program for each, and a warning that says why and what to do."""
    model = NeedsNumbers()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for length in range(2, 12):
            x = random.normal(size=(2, length)).astype("float32")
            np.testing.assert_allclose(model.predict(x, verbose=0), x.sum(1), rtol=1e-5, atol=1e-5)
    assert len(compilations) == 10
    (warning,) = [str(one.message) for one in caught if "compiled for the 8th time" in str(one.message)]
    assert "predict_step" in warning and "NoneType" in warning and "Pad the data" in warning


def test_5_data_that_does_not_fit_is_refused_by_its_own_sizes(classifier, random):
    """Trying open sizes first must not hide which size is wrong."""
    classifier.predict(np.ones((2, 8), "float32"), verbose=0)
    with pytest.raises(ValueError, match="9"):
        classifier.predict(np.ones((2, 9), "float32"), verbose=0)
