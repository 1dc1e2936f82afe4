"""Training as a user: real digits, tiny data, seeds, partial batches, generators, own steps."""

import numpy as np
import pytest
from sklearn.datasets import load_digits

import graphkeras as keras
from graphkeras import backend as K
from graphkeras import ops
from graphkeras.compiler import config as compiler_config

TARGETS = ("numpy", "onnxruntime")


@pytest.fixture(params=TARGETS)
def target(request):
    before = keras.config.target()
    keras.config.set_target(request.param)
    yield request.param
    keras.config.set_target(before)


@pytest.fixture(scope="module")
def digits():
    x, y = load_digits(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(y))
    return x[order].astype("float32") / 16, y[order]


def mlp(*layers, features=64, **compiled):
    model = keras.Sequential([keras.Input((features,)), *(layers or (keras.layers.Dense(10, activation="softmax"),))])
    options = {"optimizer": "adam", "loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"], **compiled}
    model.compile(**options)
    return model


def test_digits_are_learned(digits, target):
    x, y = digits
    keras.utils.set_random_seed(1)
    model = mlp(
        keras.layers.Dense(64, activation="relu"),
        keras.layers.Dense(10, activation="softmax"),
        optimizer=keras.optimizers.Adam(lr=0.005),
    )
    history = model.fit(x[:1400], y[:1400], epochs=12, batch_size=32, validation_data=(x[1400:], y[1400:]), verbose=0)
    assert history.history["accuracy"][-1] > 0.97
    loss, accuracy = model.evaluate(x[1400:], y[1400:], verbose=0)
    assert accuracy > 0.95 and loss < 0.2
    assert accuracy == pytest.approx(history.history["val_accuracy"][-1])
    assert (model.predict(x[1400:], verbose=0).argmax(axis=1) == y[1400:]).mean() == pytest.approx(accuracy)


def test_the_same_seed_gives_the_same_bits(digits, target):
    x, y = digits

    def trained(seed):
        keras.utils.set_random_seed(seed)
        model = mlp(
            keras.layers.Dense(16, activation="relu"), keras.layers.Dropout(0.3), keras.layers.Dense(10, activation="softmax")
        )
        history = model.fit(x[:300], y[:300], epochs=3, batch_size=32, verbose=0)
        return [np.array(history.history["loss"]), *model.get_weights()]

    first, second, other = trained(5), trained(5), trained(6)
    assert all(np.array_equal(a, b) for a, b in zip(first, second))
    assert not np.array_equal(first[0], other[0])


@pytest.fixture
def interpreter():
    before, device = keras.config.target(), compiler_config.current().device
    keras.config.set_device("interpreter")
    yield
    keras.config.set_target(before)
    keras.config.set_device(device)


def test_targets_agree(digits, interpreter):
    """The same seed gives the same weights, orders and dropout masks on NumPy, onnxruntime and Triton's interpreter."""
    x, y = digits
    losses = []
    for name in (*TARGETS, "triton"):
        keras.config.set_target(name)
        keras.utils.set_random_seed(3)
        model = mlp(
            keras.layers.Dense(16, activation="relu"), keras.layers.Dropout(0.3), keras.layers.Dense(10, activation="softmax")
        )
        history = model.fit(x[:96], y[:96], epochs=2, verbose=0)
        losses.append([*history.history["loss"], *history.history["accuracy"]])
    np.testing.assert_allclose(losses[1], losses[0], rtol=1e-5)
    np.testing.assert_allclose(losses[2], losses[0], rtol=1e-5)


def test_tiny_data_is_overfitted(target):
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(8, 3)).astype("float32"), rng.normal(size=(8, 2)).astype("float32")
    model = mlp(
        keras.layers.Dense(32, activation="tanh"),
        keras.layers.Dense(2),
        features=3,
        loss="mse",
        metrics=[],
        optimizer=keras.optimizers.Adam(0.02),
    )
    model.fit(x, y, epochs=400, batch_size=8, verbose=0)
    assert model.evaluate(x, y, verbose=0) < 1e-3


def test_a_partial_batch_counts_by_its_size(target):
    """With a learning rate of 0 the mean over an epoch is the mean over all samples, whatever the batches are."""
    rng = np.random.default_rng(0)
    x, y, w = (
        rng.normal(size=(11, 3)).astype("float32"),
        rng.normal(size=11).astype("float32"),
        rng.uniform(size=11).astype("float32"),
    )
    model = mlp(
        keras.layers.Dense(1),
        features=3,
        loss="mse",
        optimizer=keras.optimizers.SGD(0.0),
        metrics=["mae"],
        weighted_metrics=["mse"],
    )
    error = model.predict(x, verbose=0)[:, 0] - y
    for batch_size in (1, 3, 4, 11, 50):
        logs = {k: v[0] for k, v in model.fit(x, y, batch_size=batch_size, sample_weight=w, verbose=0).history.items()}
        assert logs["mae"] == pytest.approx(np.abs(error).mean(), rel=1e-5)
        assert logs["loss"] == pytest.approx((w * error**2).mean(), rel=1e-5)
        assert logs["mse"] == pytest.approx((w * error**2).sum() / w.sum(), rel=1e-5)


def test_every_sample_is_used_once_in_an_epoch(target):
    """The gradient of sum(prediction) with respect to a bias counts samples."""
    seen = []
    x = np.arange(10, dtype="float32")[:, None]
    model = mlp(keras.layers.Dense(1), features=1, loss=lambda y, p: p * 0 + y, metrics=[])
    spy = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: seen.append(logs["loss"]))
    history = model.fit(x, x, batch_size=4, epochs=2, shuffle=True, verbose=0, callbacks=[spy])
    assert len(seen) == 6
    np.testing.assert_allclose(history.history["loss"], [4.5, 4.5], rtol=1e-6)
    assert seen[0] != seen[3]  # another order in the second epoch


def test_the_next_step_uses_a_new_learning_rate_without_compiling_again(target):
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(8, 3)).astype("float32"), rng.normal(size=8).astype("float32")
    model = mlp(keras.layers.Dense(1), features=3, loss="mse", metrics=[], optimizer=keras.optimizers.SGD(lr=0.1))
    model.train_on_batch(x, y)
    function, program = model.train_function, model.train_function.prepare((x, y))
    before = model.get_weights()
    K.set_value(model.optimizer.lr, 0.0)
    model.train_on_batch(x, y)
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights()))
    K.set_value(model.optimizer.lr, 0.5)
    model.fit(x, y, verbose=0)
    assert not np.array_equal(before[0], model.get_weights()[0])
    assert model.train_function is function and function.prepare((x, y)) is program
    assert K.get_value(model.optimizer.lr) == 0.5


def test_batches_from_a_generator_a_list_and_a_dataset(digits, target):
    x, y = digits[0][:70], digits[1][:70]
    batches = [(x[k : k + 32], y[k : k + 32]) for k in range(0, 70, 32)]

    class Data(keras.utils.PyDataset):
        def __len__(self):
            return len(batches)

        def __getitem__(self, index):
            return batches[index]

    def forever():
        while True:
            yield from batches

    results = []
    for data, options in (
        (Data(), {"shuffle": False}),
        (forever(), {"steps_per_epoch": 3}),
        (_Iterable(batches), {}),
        (None, {}),
    ):
        keras.utils.set_random_seed(2)
        model = mlp()
        if data is None:
            history = model.fit(x, y, epochs=2, verbose=0, shuffle=False)
        else:
            history = model.fit(data, epochs=2, verbose=0, **options)
        results.append(history.history["loss"])
    assert all(each == results[0] for each in results)
    assert model.evaluate(Data(), verbose=0) == model.evaluate(x, y, verbose=0)
    np.testing.assert_array_equal(
        model.predict(_Iterable([x[:40], x[40:]]), verbose=0), model.predict(x, batch_size=40, verbose=0)
    )


class _Iterable:
    def __init__(self, batches):
        self.batches = batches

    def __iter__(self):
        return iter(self.batches)


def test_a_generator_that_ends_says_so(digits):
    x, y = digits[0][:64], digits[1][:64]
    model = mlp()
    with pytest.raises(ValueError, match="after 1 epoch: a generator can be read only once"):
        model.fit(((a, b) for a, b in [(x, y)]), epochs=2, verbose=0)
    with pytest.raises(ValueError, match="yields no batch"):
        model.fit(iter([]), verbose=0)


def test_own_train_step(target):
    class Model(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = keras.layers.Dense(1, kernel_initializer="zeros")
            self.tracker = keras.metrics.Mean(name="mine")

        def call(self, inputs):
            return self.dense(inputs)

        def train_step(self, data):
            x, y = data
            loss = ops.mean(ops.square(self(x, training=True) - y))
            self.optimizer.apply(keras.gradients(loss, self.trainable_weights), self.trainable_weights)
            self.tracker.update_state(loss)
            return {"mine": self.tracker.result(), "doubled": loss * 2}

        @property
        def metrics(self):
            return [self.tracker]

    x = np.linspace(-1, 1, 32, dtype="float32")[:, None]
    model = Model()
    model.compile(optimizer=keras.optimizers.SGD(0.5))
    history = model.fit(x, 3 * x, epochs=30, batch_size=32, verbose=0)
    assert history.history["mine"][0] == pytest.approx(np.mean(9 * x**2), rel=1e-5)
    assert history.history["doubled"][0] == pytest.approx(2 * history.history["mine"][0], rel=1e-6)
    assert model.dense.kernel.numpy()[0, 0] == pytest.approx(3, abs=0.05)


def test_add_loss_and_frozen_layers(target):
    class Penalty(keras.layers.Layer):
        def call(self, inputs):
            self.add_loss(ops.mean(ops.square(inputs)) * 0.5)
            return inputs

    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(8, 3)).astype("float32"), rng.normal(size=8).astype("float32")
    frozen = keras.layers.Dense(4)
    model = mlp(frozen, Penalty(), keras.layers.Dense(1), features=3, loss="mse", metrics=[], optimizer="sgd")
    hidden = keras.Model(model.inputs, frozen.output).predict(x, verbose=0)
    plain = np.mean((model.predict(x, verbose=0)[:, 0] - y) ** 2)
    assert model.evaluate(x, y, verbose=0) == pytest.approx(plain + 0.5 * np.mean(hidden**2), rel=1e-5)
    frozen.trainable = False
    before = [w.numpy() for w in frozen.weights]
    model.fit(x, y, verbose=0)
    assert all(np.array_equal(a, w.numpy()) for a, w in zip(before, frozen.weights))
    frozen.trainable = True
    with pytest.raises(ValueError, match="compile again with a new one after making layers trainable"):
        model.fit(x, y, verbose=0)
    model.compile(optimizer="sgd", loss="mse")
    model.fit(x, y, verbose=0)
    assert not np.array_equal(before[0], frozen.weights[0].numpy())


def test_switching_layers_on_and_off_makes_no_new_programs(target):
    """The loop of adversarial networks: one model trains while the other is frozen."""
    x = np.ones((4, 3), "float32")
    judge = mlp(keras.layers.Dense(1), features=3, loss="mse", metrics=[])
    both = keras.Sequential([keras.Input((3,)), keras.layers.Dense(3), judge])
    judge.trainable = False
    both.compile("sgd", "mse")
    functions = set()
    for _ in range(3):
        judge.trainable = True
        before = judge.get_weights()
        judge.train_on_batch(x, x[:, :1])
        assert not np.array_equal(before[0], judge.get_weights()[0])
        judge.trainable = False
        before = judge.get_weights()
        both.train_on_batch(x, x[:, :1])
        assert np.array_equal(before[0], judge.get_weights()[0])
        functions |= {judge.train_function, both.train_function}
    assert len(functions) == 2


def test_a_model_without_targets(target):
    class Shrink(keras.layers.Layer):
        def call(self, inputs):
            self.add_loss(ops.mean(ops.square(inputs)))
            return inputs

    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2), Shrink()])
    model.compile(optimizer=keras.optimizers.SGD(0.1))
    history = model.fit(np.ones((8, 3), "float32"), epochs=5, verbose=0)
    assert history.history["loss"][-1] < history.history["loss"][0]


def test_own_losses_may_give_nan_a_meaning(target):
    def where_known(y_true, y_pred):
        known = ops.logical_not(ops.isnan(y_true))
        return ops.where(known, ops.square(ops.where(known, y_true, 0.0) - y_pred), 0.0)

    y = np.array([[1.0], [np.nan], [3.0], [np.nan]], "float32")
    model = mlp(keras.layers.Dense(1, kernel_initializer="zeros"), features=2, loss=where_known, metrics=[])
    history = model.fit(np.ones((4, 2), "float32"), y, verbose=0)
    assert history.history["loss"][0] == pytest.approx((1 + 9) / 4)


def test_predict_returns_the_structure_of_the_outputs(target):
    inputs = keras.Input((3,))
    model = keras.Model(inputs, {"a": keras.layers.Dense(2)(inputs), "b": [keras.layers.Dense(1)(inputs)]})
    x = np.ones((5, 3), "float32")
    found = model.predict(x, batch_size=2, verbose=0)
    assert found["a"].shape == (5, 2) and found["b"][0].shape == (5, 1)
    first = model.predict_on_batch(x[:2])
    np.testing.assert_allclose(first["a"], found["a"][:2], rtol=1e-6)


def test_results_of_predict_are_not_overwritten_by_the_next_call(target):
    model = mlp(keras.layers.Dense(2), features=3)
    first = model.predict_on_batch(np.ones((2, 3), "float32"))
    kept = first.copy()
    model.predict_on_batch(np.zeros((2, 3), "float32"))
    np.testing.assert_array_equal(first, kept)


def test_predict_adds_no_program_for_another_batch_size(digits, target):
    model = mlp()
    for size in (1, 7, 32, 100):
        assert model.predict(digits[0][:size], verbose=0).shape == (size, 10)
    assert len(model.predict_function.signatures) == 1


def test_validation_frequency_and_steps(digits):
    x, y = digits[0][:96], digits[1][:96]
    model = mlp()
    history = model.fit(x, y, epochs=4, validation_split=0.25, validation_freq=2, verbose=0)
    assert len(history.history["val_loss"]) == 2 and history.epoch == [0, 1, 2, 3]
    seen = []
    spy = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: seen.append(batch))
    model.fit(x, y, epochs=2, steps_per_epoch=2, verbose=0, callbacks=[spy])
    assert seen == [0, 1, 0, 1]
    history = model.fit(x, y, epochs=5, initial_epoch=3, verbose=0)
    assert history.epoch == [3, 4]


def test_a_schedule_is_evaluated_in_the_step(target):
    schedule = keras.optimizers.schedules.PiecewiseConstantDecay([0, 1], [1.0, 0.0, 0.5])
    model = mlp(
        keras.layers.Dense(1, kernel_initializer="zeros", use_bias=False),
        features=1,
        loss=lambda y, p: p,
        metrics=[],
        optimizer=keras.optimizers.SGD(schedule),
    )
    x = np.ones((1, 1), "float32")
    kernels = []
    for _ in range(3):
        model.train_on_batch(x, x)
        kernels.append(float(model.get_weights()[0][0, 0]))
    assert kernels == [-1.0, -1.0, -1.5]


def test_moving_averages_replace_the_weights_at_the_end(digits):
    x, y = digits[0][:64], digits[1][:64]
    model = mlp(optimizer=keras.optimizers.Adam(0.01, use_ema=True, ema_momentum=0.5))
    model.fit(x, y, verbose=0)
    averages = [variable.numpy() for variable in model.optimizer._averages]
    assert all(np.array_equal(a, w) for a, w in zip(averages, model.get_weights()))


@pytest.mark.parametrize("kind", ["Adam", "SGD", "RMSprop", "AdamW", "Nadam", "Adagrad", "Adadelta", "Adamax", "Lion"])
def test_every_optimizer_trains_with_a_schedule_clipping_and_constraints(kind, target):
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(40, 8)).astype("float32"), np.arange(40) % 4
    schedule = keras.optimizers.schedules.ExponentialDecay(0.1, 5, 0.5)
    optimizer = getattr(keras.optimizers, kind)(schedule, global_clipnorm=1.0, loss_scale_factor=8.0)
    layer = keras.layers.Dense(4, activation="softmax", kernel_constraint=keras.constraints.NonNeg())
    model = mlp(layer, features=8, optimizer=optimizer)
    losses = model.fit(x, y, epochs=5, verbose=0).history["loss"]
    assert losses[-1] < losses[0]
    assert (layer.kernel.numpy() >= 0).all() and int(optimizer.iterations) == 10


def test_double_precision(target):
    keras.config.set_floatx("float64")
    try:
        rng = np.random.default_rng(0)
        x = rng.normal(size=(16, 3))
        model = mlp(keras.layers.Dense(1), features=3, loss="mse", metrics=["mae"])
        model.fit(x, x[:, :1], epochs=2, verbose=0)
        assert model.get_weights()[0].dtype == np.float64 and model.predict(x, verbose=0).dtype == np.float64
    finally:
        keras.config.set_floatx("float32")
