"""Losses and metrics give the numbers of real Keras (expected.npz, written by make_expected.py)."""

from pathlib import Path

import numpy as np
import pytest

import graphkeras as keras
from graphkeras import ops
from graphkeras.tracing import StaticFunction
from tests.graphkeras.losses import cases

EXPECTED = np.load(Path(__file__).parent / "expected.npz")


@pytest.fixture(scope="module")
def found():
    return {**cases.losses(keras), **cases.metrics(keras)}


def test_all_cases_are_stored(found):
    assert set(found) == set(EXPECTED.files)


@pytest.mark.parametrize("key", EXPECTED.files)
def test_numbers_of_keras(key, found):
    np.testing.assert_allclose(found[key], EXPECTED[key], rtol=2e-5, atol=1e-6)


@pytest.mark.parametrize("name", cases.METRICS)
def test_metrics_inside_a_compiled_step(name):
    """The same numbers when state and figures are part of a program of onnxruntime."""
    kind, arguments, data_name = cases.METRICS[name]
    y_true, y_pred = cases.data()[0][data_name]
    metric = getattr(keras.metrics, kind)(**arguments)
    step = StaticFunction(lambda y_true, y_pred: metric(y_true, y_pred), name=name, target="onnxruntime")
    step(y_true[:4], y_pred[:4])
    np.testing.assert_allclose(step(y_true[4:], y_pred[4:]), EXPECTED[f"metric/{name}/plain"], rtol=2e-5, atol=1e-6)


@pytest.mark.parametrize("name", ["dice", "tversky", "circle", "gce", "ctc"])
def test_losses_of_whole_batches_inside_a_compiled_step(name):
    kind, arguments, data_name = cases.LOSSES[name]
    loss = getattr(keras.losses, kind)(**arguments)
    step = StaticFunction(lambda y_true, y_pred: loss(y_true, y_pred), name=name, target="onnxruntime")
    expected = EXPECTED[f"loss/{name}/sum_over_batch_size"]
    np.testing.assert_allclose(step(*cases.data()[0][data_name]), expected, rtol=2e-5, atol=1e-6)


def test_logits_are_found_under_a_softmax():
    """Saturated predictions have a gradient, and the loss is not clipped."""
    logits, target = keras.Input((3,)), keras.Input((3,))

    class Loss(keras.layers.Layer):
        def call(self, inputs):
            logits, target = inputs
            loss = keras.losses.CategoricalCrossentropy()(target, ops.softmax(logits))
            return {"loss": ops.reshape(loss, (1,)), "gradient": keras.gradients(loss, logits)}

    model = keras.Model([logits, target], Loss()([logits, target]))
    given = [np.array([[-60.0, 60.0, 0.0]], "float32"), np.array([[1.0, 0.0, 0.0]], "float32")]
    found = model.predict(given, verbose=0)
    np.testing.assert_allclose(found["loss"], [120.0], rtol=1e-6)
    np.testing.assert_allclose(found["gradient"], [[-1.0, 1.0, 0.0]], atol=1e-6)


@pytest.mark.parametrize("kind", sorted({kind for kind, _, _ in cases.LOSSES.values()}))
def test_config_round_trip(kind):
    loss = getattr(keras.losses, kind)(reduction="sum", name="mine")
    again = keras.losses.deserialize(keras.losses.serialize(loss))
    assert type(again) is type(loss) and again.get_config() == loss.get_config() and again.name == "mine"


@pytest.mark.parametrize("kind", sorted({kind for kind, _, _ in cases.METRICS.values()}))
def test_metric_config_round_trip(kind):
    arguments = next(arguments for known, arguments, _ in cases.METRICS.values() if known == kind)
    metric = getattr(keras.metrics, kind)(**arguments, name="mine")
    again = keras.metrics.deserialize(keras.metrics.serialize(metric))
    assert type(again) is type(metric) and again.get_config() == metric.get_config()


@pytest.mark.parametrize(
    ("name", "function"),
    [
        ("mse", "mean_squared_error"),
        ("MSE", "mean_squared_error"),
        ("mean_squared_error", "mean_squared_error"),
        ("kld", "kl_divergence"),
        ("bce", "binary_crossentropy"),
        ("sparse_categorical_crossentropy", "sparse_categorical_crossentropy"),
    ],
)
def test_functions_are_found_by_name(name, function):
    assert keras.losses.get(name) is getattr(keras.losses, function)


def test_classes_are_found_by_name():
    assert isinstance(keras.losses.get("MeanSquaredError"), keras.losses.MeanSquaredError)
    assert isinstance(keras.metrics.get("mse"), keras.metrics.MeanSquaredError)
    assert isinstance(keras.metrics.get("sparse_categorical_accuracy"), keras.metrics.SparseCategoricalAccuracy)
    assert keras.losses.get(None) is None
    with pytest.raises(ValueError, match=r"'hubre' is not the name of a loss. Did you mean 'huber'"):
        keras.losses.get("hubre")
    with pytest.raises(TypeError, match="got int: 3"):
        keras.metrics.get(3)


def test_a_weight_of_a_sample_counts_for_all_its_steps():
    y_true, y_pred = np.zeros((2, 3, 4), "float32"), np.ones((2, 3, 4), "float32")
    assert float(keras.losses.MeanSquaredError()(y_true, y_pred, np.array([1.0, 3.0], "float32"))) == 2.0


def test_own_loss_class_and_reduction():
    class Cubed(keras.losses.Loss):
        def call(self, y_true, y_pred):
            return ops.mean(ops.abs(y_true - y_pred) ** 3, axis=-1)

    y = np.array([[1.0, 2.0], [3.0, 4.0]], "float32")
    assert float(Cubed()(y, 0 * y)) == pytest.approx((0.5 * (1 + 8) + 0.5 * (27 + 64)) / 2)
    assert keras.losses.MeanSquaredError(reduction="auto").reduction == "sum_over_batch_size"
    with pytest.raises(ValueError, match="Unknown loss reduction 'average'"):
        Cubed(reduction="average")


def test_wrong_shapes_say_what_to_do():
    with pytest.raises(ValueError, match="For integer labels use sparse_categorical_crossentropy"):
        keras.losses.categorical_crossentropy(np.array([1, 2]), np.ones((2, 3), "float32"))
    with pytest.raises(ValueError, match="For one-hot labels use categorical_crossentropy"):
        keras.losses.sparse_categorical_crossentropy(np.eye(3), np.ones((3, 3), "float32"))


def test_own_metric_with_a_metric_inside():
    class Half(keras.metrics.Metric):
        def __init__(self, name="half"):
            super().__init__(name=name)
            self.inner = keras.metrics.Mean()
            self.seen = self.add_weight(name="seen")

        def update_state(self, y_true, y_pred, sample_weight=None):
            self.inner.update_state(y_pred)
            self.seen.assign_add(1.0)

        def result(self):
            return self.inner.result() / 2

    metric = Half()
    assert float(metric(None, np.array([2.0, 4.0], "float32"))) == 1.5
    assert [variable.name for variable in metric.variables] == ["seen", "total", "count"]
    metric.reset_state()
    assert float(metric.result()) == 0 and float(metric.seen) == 0


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: keras.metrics.AUC(curve="roc"), "curve must be"),
        (lambda: keras.metrics.AUC(num_thresholds=1), "at least 2"),
        (lambda: keras.metrics.Precision(thresholds=[0.5, 2]), r"lie in \[0, 1\]"),
        (lambda: keras.metrics.BinaryAccuracy(threshold=1.5), "between 0 and 1"),
    ],
)
def test_wrong_arguments_of_metrics(make, message):
    with pytest.raises(ValueError, match=message):
        make()
