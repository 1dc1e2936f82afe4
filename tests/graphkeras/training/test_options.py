"""Options of compile, mixed precision, accumulated gradients, masks, and results of other sizes than the data."""

import numpy as np
import pytest

import graphkeras as keras
from graphkeras import ops

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(48, 5)).astype("float32"), RNG.integers(0, 3, 48)


def mlp(dtype=None, **compiled):
    model = keras.Sequential(
        [
            keras.Input((5,)),
            keras.layers.Dense(8, activation="tanh", dtype=dtype),
            keras.layers.Dense(3, activation="softmax", dtype=dtype),
        ]
    )
    rng = np.random.default_rng(1)
    model.set_weights([rng.normal(size=w.shape).astype("float32") for w in model.get_weights()])
    model.compile(**{"optimizer": "adam", "loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"], **compiled})
    return model


@pytest.fixture
def policy(request):
    keras.config.set_dtype_policy(request.param)
    yield request.param
    keras.config.set_dtype_policy("float32")


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"], indirect=True)
def test_mixed_precision_learns_what_float32_learns(policy):
    model = mlp(optimizer=keras.optimizers.Adam(0.02))
    assert all(variable.dtype == "float32" for variable in model.trainable_variables)
    assert model.predict(X, verbose=0).dtype.name == policy.removeprefix("mixed_")
    history = model.fit(X, Y, epochs=6, batch_size=16, shuffle=False, verbose=0)
    keras.config.set_dtype_policy("float32")
    expected = mlp(optimizer=keras.optimizers.Adam(0.02)).fit(X, Y, epochs=6, batch_size=16, shuffle=False, verbose=0)
    np.testing.assert_allclose(history.history["loss"], expected.history["loss"], rtol=2e-2)


@pytest.mark.parametrize("policy", ["mixed_float16"], indirect=True)
def test_mixed_float16_scales_the_loss(policy):
    model = mlp(run_eagerly=True)  # on the reference: onnxruntime may compute in float32, where nothing overflows
    assert isinstance(model.optimizer, keras.optimizers.LossScaleOptimizer)
    model.optimizer.initial_scale = 2.0**40  # gradients overflow in float16 until the scale has been halved often enough
    before = model.get_weights()
    model.fit(X[:16], Y[:16], batch_size=16, verbose=0)
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights()))
    assert float(model.optimizer.dynamic_scale) == 2.0**39 and int(model.optimizer.iterations) == 0
    model.fit(X[:16], Y[:16], batch_size=16, epochs=40, verbose=0)
    assert not np.array_equal(before[0], model.get_weights()[0]) and int(model.optimizer.iterations) > 0
    assert isinstance(mlp(auto_scale_loss=False).optimizer, keras.optimizers.Adam)


@pytest.mark.parametrize("policy", ["mixed_float16"], indirect=True)
def test_a_scaled_optimizer_is_saved_with_its_scale(policy, tmp_path):
    model = mlp()
    model.fit(X, Y, epochs=2, batch_size=16, verbose=0)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    for a, b in zip(model.optimizer.variables, again.optimizer.variables, strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy())
    assert model.train_on_batch(X, Y) == again.train_on_batch(X, Y)


@pytest.mark.parametrize("target", ["numpy", "onnxruntime"])
def test_accumulated_gradients_do_what_a_large_batch_does(target):
    before = keras.config.target()
    keras.config.set_target(target)
    small = mlp(optimizer=keras.optimizers.SGD(0.5, gradient_accumulation_steps=4))
    small.fit(X, Y, batch_size=4, shuffle=False, verbose=0)
    large = mlp(optimizer=keras.optimizers.SGD(0.5))
    large.fit(X, Y, batch_size=16, shuffle=False, verbose=0)
    for a, b in zip(small.get_weights(), large.get_weights()):
        np.testing.assert_allclose(a, b, rtol=2e-5, atol=2e-6)
    assert int(small.optimizer.iterations) == 3
    keras.config.set_target(before)


def test_run_eagerly_runs_on_the_reference():
    model = mlp(run_eagerly=True)
    expected = mlp().fit(X, Y, batch_size=16, shuffle=False, verbose=0).history
    history = model.fit(X, Y, batch_size=16, shuffle=False, verbose=0).history
    np.testing.assert_allclose(history["loss"], expected["loss"], rtol=1e-5)
    assert model.run_eagerly and model.train_function.prepare((X[:16], Y[:16])).compiled.target == "numpy"
    assert model.get_compile_config()["run_eagerly"] is True
    model.predict(X, verbose=0)
    model.run_eagerly = False
    model.fit(X, Y, batch_size=16, verbose=0)
    if keras.config.target() != "numpy":
        assert model.train_function.prepare((X[:16], Y[:16])).compiled.target != "numpy"


def test_results_may_have_more_or_fewer_rows_than_the_data():
    inputs = keras.Input((2,))
    doubled = keras.Model(inputs, ops.concatenate([inputs, -inputs], axis=0))
    x = np.arange(10, dtype="float32").reshape(5, 2)
    expected = np.concatenate([x[:2], -x[:2], x[2:4], -x[2:4], x[4:], -x[4:]])
    np.testing.assert_array_equal(doubled.predict(x, batch_size=2, verbose=0), expected)
    halved = keras.Model(inputs, inputs[::2])
    np.testing.assert_array_equal(halved.predict(x, batch_size=2, verbose=0), x[::2])
    both = keras.Model(inputs, [inputs, ops.mean(inputs, axis=0)])
    first, second = both.predict(x, batch_size=4, verbose=0)
    np.testing.assert_array_equal(first, x)
    np.testing.assert_array_equal(second, [*x[:4].mean(axis=0), *x[4]])


@pytest.mark.parametrize("loss", ["mse", keras.losses.Huber(), "binary_crossentropy", keras.losses.mean_absolute_error])
def test_targets_of_another_shape_are_refused_by_name(loss):
    name = loss if isinstance(loss, str) else getattr(loss, "name", None) or loss.__name__
    model = mlp(loss=loss, metrics=[])
    wrong = RNG.uniform(size=(48, 2)).astype("float32")
    with pytest.raises(ValueError, match=rf"loss '{name}' .* targets have shape .*2\) .* predictions .*3\)\. Give the last"):
        model.fit(X, wrong, verbose=0)
    with pytest.raises(ValueError, match="for class numbers use sparse_categorical_crossentropy"):
        model.fit(X, Y.astype("float32"), verbose=0)


class Masked(keras.Model):
    """Predicts a number for each step, with a mask of the steps that are not 0."""

    def __init__(self):
        super().__init__()
        self.dense = keras.layers.Dense(1)

    def call(self, x):
        y = self.dense(x)
        y._keras_mask = ops.any(ops.not_equal(x, 0.0), axis=-1)
        return y


@pytest.mark.parametrize("weights", [None, "samples", "steps"])
def test_masked_steps_count_neither_in_losses_nor_in_metrics(weights):
    x = RNG.normal(size=(6, 4, 2)).astype("float32")
    lengths = np.array([4, 2, 1, 3, 4, 2])
    mask = np.arange(4) < lengths[:, None]
    x[~mask] = 0
    y = RNG.normal(size=(6, 4, 1)).astype("float32")
    model = Masked()
    model.compile("sgd", "mse", metrics=["mae"], weighted_metrics=[keras.metrics.MeanSquaredError(name="weighted")])
    w = {None: None, "samples": RNG.uniform(1, 2, 6), "steps": RNG.uniform(1, 2, (6, 4))}[weights]
    logs = model.evaluate(x, y, sample_weight=w, batch_size=6, verbose=0, return_dict=True)
    error = (model.predict(x, verbose=0) - y)[..., 0]
    full = np.ones((6, 4)) if w is None else np.broadcast_to(w.reshape(6, -1), (6, 4))
    assert logs["loss"] == pytest.approx((error**2 * full * mask).sum() / mask.sum(), rel=1e-5)
    assert logs["mae"] == pytest.approx((np.abs(error) * mask).sum() / mask.sum(), rel=1e-5)
    assert logs["weighted"] == pytest.approx((error**2 * full * mask).sum() / (full * mask).sum(), rel=1e-5)


@pytest.mark.parametrize(
    ("reduction", "weighted", "loss", "weighted_metric"),  # the numbers are those of Keras 3.15 with the same mask
    [
        ("sum_over_batch_size", False, 1.77768, 1.77768),
        ("sum_over_batch_size", True, 2.73595, 1.76625),
        ("sum", False, 15.7875, 1.77768),
        ("sum", True, 23.96261, 1.76625),
        ("mean_with_sample_weight", False, 1.77768, 1.77768),
        ("mean_with_sample_weight", True, 1.76625, 1.76625),
    ],
)
def test_masked_figures_are_those_of_keras(reduction, weighted, loss, weighted_metric):
    class Steps(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = keras.layers.Dense(3, activation="softmax")

        def call(self, inputs):
            x, mask = inputs
            y = self.dense(ops.concatenate([x, x * x], axis=-1) * np.array([1, 2, -1, 0.5], "float32"))
            y._keras_mask = mask
            return y

    rng = np.random.default_rng(0)
    x = rng.normal(size=(6, 4, 2)).astype("float32")
    mask = np.arange(4) < np.array([4, 2, 1, 3, 4, 2])[:, None]
    y, w = rng.integers(0, 3, (6, 4)), rng.uniform(1, 2, (6, 4)).astype("float32")
    model = Steps()
    ignored = 1 if reduction == "sum" else None
    model.compile(
        "sgd",
        keras.losses.SparseCategoricalCrossentropy(reduction=reduction, ignore_class=ignored),
        metrics=["accuracy"],
        weighted_metrics=[keras.metrics.SparseCategoricalCrossentropy(name="weighted")],
    )
    model.predict([x, mask], batch_size=6, verbose=0)
    numbers = np.random.default_rng(1)
    model.set_weights([numbers.normal(size=each.shape) for each in model.get_weights()])
    logs = model.evaluate([x, mask], y, sample_weight=w if weighted else None, batch_size=6, verbose=0, return_dict=True)
    assert logs["loss"] == pytest.approx(loss, rel=1e-5) and logs["accuracy"] == 0.25
    assert logs["weighted"] == pytest.approx(weighted_metric, rel=1e-5)
