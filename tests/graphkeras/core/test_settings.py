"""Settings, dtype policies, activations, regularizers, constraints and helpers for data."""

import numpy as np
import pytest

import graphkeras as keras
from graphkeras import activations, config, constraints, dtype_policies, regularizers, utils
from graphkeras.compiler import config as compiler_config

X = np.array([[-2.0, 0.5], [1.0, -0.1]], np.float32)


def test_floatx_and_policies_decide_dtypes():
    try:
        config.set_floatx("float16")
        assert keras.Variable(1.0).dtype == "float16" and keras.Input((2,)).dtype == "float16"
        assert keras.layers.Dense(2).dtype_policy.name == keras.DTypePolicy().name == "float16"
    finally:
        config.set_floatx("float32")
    with pytest.raises(ValueError, match="floatx must be one of"):
        config.set_floatx("int32")
    mixed = keras.layers.Dense(2, dtype="mixed_bfloat16")
    assert mixed(X).dtype.name == "bfloat16" and mixed.kernel.dtype == "float32"
    normal = keras.layers.BatchNormalization(dtype="mixed_float16")
    assert normal(X, training=True).dtype.name == "float16" and normal.moving_mean.dtype == "float32"
    np.testing.assert_allclose(normal.moving_mean.numpy(), 0.01 * X.mean(0), rtol=1e-3)
    assert dtype_policies.get({"class_name": "DTypePolicy", "config": {"name": "float64"}}).compute_dtype == "float64"
    with pytest.raises(ValueError, match="Unknown dtype policy 'float31'"):
        keras.layers.Dense(2, dtype="float31")


def test_targets_and_devices():
    former = compiler_config.current()
    try:
        config.set_target("numpy")
        assert config.target() == "numpy"
        with pytest.raises(ValueError, match="Unknown target 'tpu'"):
            config.set_target("tpu")
        with pytest.raises(ValueError, match="Unknown device"):
            config.set_device("gpu0")
        config.set_float32_matmul_precision("tf32")
        assert config.float32_matmul_precision() == "tf32"
        with pytest.raises(ValueError, match="it must be one of ieee, tf32, tf32x3"):
            config.set_float32_matmul_precision("high")
    finally:
        compiler_config.update(
            target=former.target, device=former.device, float32_matmul_precision=former.float32_matmul_precision
        )


@pytest.mark.parametrize("name", ["relu", "softmax", "gelu", "swish", "linear", "mish", "log_sigmoid", "exponential"])
def test_activations_by_name(name):
    function = activations.get(name)
    assert activations.get(activations.serialize(function)) is function
    assert function(X).shape == X.shape


def test_activation_arguments_and_errors():
    np.testing.assert_allclose(activations.relu(X, 0.1, 0.7, 0.2), [[0.1 * -2.2, 0.5], [0.7, 0.1 * -0.3]], rtol=1e-5)
    assert activations.get(None) is activations.linear and activations.serialize(activations.silu) == "silu"
    own = activations.get(np.tanh)
    assert own is np.tanh
    with pytest.raises(ValueError, match=r"'rleu' is not the name of an activation\. Did you mean 'relu'"):
        activations.get("rleu")


@pytest.mark.parametrize(
    ("regularizer", "expected"),
    [
        (regularizers.get("l1"), 0.01 * np.abs(X).sum()),
        (regularizers.L2(0.5), 0.5 * (X**2).sum()),
        (regularizers.L1L2(0.1, 0.2), 0.1 * np.abs(X).sum() + 0.2 * (X**2).sum()),
        (regularizers.OrthogonalRegularizer(0.1), 0.1 * abs(-2.05) / np.sqrt(4.25 * 1.01)),
    ],
)
def test_regularizers(regularizer, expected):
    np.testing.assert_allclose(regularizer(X), expected, rtol=1e-5)
    again = regularizers.get(regularizers.serialize(regularizer))
    assert again.get_config() == regularizer.get_config()


def test_regularization_factors_are_checked():
    for bad in (-1.0, float("nan"), "0.1", True):
        with pytest.raises(ValueError, match="a number of at least 0"):
            regularizers.L2(bad)


def test_constraints():
    norms = np.linalg.norm(X, axis=0)
    np.testing.assert_allclose(np.linalg.norm(constraints.MaxNorm(1.0)(X), axis=0), np.minimum(norms, 1), rtol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(constraints.UnitNorm(axis=1)(X), axis=1), 1, rtol=1e-5)
    np.testing.assert_allclose(constraints.get("non_neg")(X), np.maximum(X, 0))
    limited = np.linalg.norm(constraints.MinMaxNorm(1.0, 2.0)(X), axis=0)
    np.testing.assert_allclose(limited, np.clip(norms, 1, 2), rtol=1e-5)
    assert constraints.get(constraints.serialize(constraints.MaxNorm(3))).max_value == 3


def test_to_categorical():
    np.testing.assert_array_equal(utils.to_categorical([0, 2]), [[1, 0, 0], [0, 0, 1]])
    assert utils.to_categorical(np.array([[1], [0]]), 4).shape == (2, 4)
    for bad, message in (([0, 5], r"lie in \[0, 3\), got 0 to 5"), ([-1], "got -1"), ([0.5], "whole numbers")):
        with pytest.raises(ValueError, match=message):
            utils.to_categorical(bad, 3)


def test_normalize():
    np.testing.assert_allclose(np.linalg.norm(utils.normalize(X), axis=-1), 1, rtol=1e-6)
    np.testing.assert_array_equal(utils.normalize(np.zeros((1, 2))), [[0, 0]])


def test_the_most_epochs_and_steps():
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    x = np.ones((8, 1), np.float32)
    steps = []
    count = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: steps.append(batch))
    assert config.max_epochs() is None and config.max_steps_per_epoch() is None
    config.set_max_epochs(2), config.set_max_steps_per_epoch(3)
    try:
        assert len(model.fit(x, x, batch_size=1, epochs=5, verbose=0, callbacks=[count]).epoch) == 2
        assert steps == [0, 1, 2, 0, 1, 2]
        steps.clear()
        model.fit(x, x, batch_size=4, epochs=1, verbose=0, callbacks=[count])
        assert steps == [0, 1]
        steps.clear()
        model.fit(((x[:1], x[:1]) for _ in range(9)), steps_per_epoch=2, verbose=0, callbacks=[count])
        model.fit(((x[:1], x[:1]) for _ in range(9)), verbose=0, callbacks=[count])
        assert steps == [0, 1, 0, 1, 2]
        assert len(model.predict(x, batch_size=1, verbose=0)) == 3
    finally:
        config.set_max_epochs(None), config.set_max_steps_per_epoch(None)
    for wrong in (0, -1, 1.5, True):
        with pytest.raises(ValueError, match="must be a positive integer or None"):
            config.set_max_epochs(wrong)
