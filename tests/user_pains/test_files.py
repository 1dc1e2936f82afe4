"""Pains 10 to 12: old files that do not load, weights that are lost on the way, runs that do not go on as they were."""

import json
import zipfile

import h5py
import numpy as np
import pytest

import graphkeras as keras

layers = keras.layers


def functional(loss="mse", metrics=("mae",)):
    x = keras.Input((4,), name="x")
    hidden = layers.Dense(5, activation="relu", name="hidden")(x)
    model = keras.Model(x, layers.Dense(2, name="out")(layers.BatchNormalization(name="normal")(hidden)), name="old")
    model.compile("adam", loss, metrics=list(metrics))
    return model


def data(random, samples=12):
    """Rows of 4 numbers, and 2 targets for each."""
    return random.normal(size=(samples, 4)).astype("float32"), random.normal(size=(samples, 2)).astype("float32")


def test_10_h5_files_with_names_of_losses_and_metrics_load(tmp_path, random):
    """Pain: "mse" in an .h5 file is "Unknown loss function" in Keras 3. Here the model comes back compiled."""
    model, (x, y) = functional(), data(random)
    model.fit(x, y, verbose=0)
    model.save(tmp_path / "m.h5")
    with h5py.File(tmp_path / "m.h5", "a") as file:
        training = json.loads(file.attrs["training_config"])
        training.update(loss="mse", metrics=["mae", "mean_squared_error"])
        file.attrs["training_config"] = json.dumps(training)
    loaded = keras.models.load_model(tmp_path / "m.h5")
    loss, mae, mse = loaded.evaluate(x, y, verbose=0)
    assert [loss, mae] == pytest.approx(model.evaluate(x, y, verbose=0)) and mse == pytest.approx(loss)


OLD_MODULES = {
    "Functional": "keras.src.engine.functional",
    "Sequential": "keras.src.engine.sequential",
    "Dense": "keras.src.layers.core.dense",
}


@pytest.mark.parametrize("kind", ["functional", "sequential"])
def test_10_keras_files_with_modules_of_keras_2_15_load(tmp_path, random, kind):
    """Pain: "keras.src.engine.functional cannot be imported". Here a file names classes, and where they were does not count."""
    x, y = data(random)
    model = functional()
    if kind == "sequential":
        model = keras.Sequential([keras.Input((4,)), layers.Dense(3), layers.Dense(2)], name="old")
        model.compile("adam", "mse", metrics=["mae"])
    model.fit(x, y, verbose=0)
    model.save(tmp_path / "new.keras")
    with zipfile.ZipFile(tmp_path / "new.keras") as new, zipfile.ZipFile(tmp_path / "old.keras", "w") as old:
        for name in new.namelist():
            content = new.read(name)
            if name == "config.json":
                content = json.dumps(_aged(json.loads(content))).encode()
                assert b"keras.src.engine." + kind.encode() in content
            if name == "metadata.json":
                content = b'{"keras_version": "2.15.0", "date_saved": "2023-11-01@00:00:00"}'
            old.writestr(name, content)
    loaded = keras.models.load_model(tmp_path / "old.keras")
    np.testing.assert_array_equal(loaded.predict(x, verbose=0), model.predict(x, verbose=0))
    assert loaded.evaluate(x, y, verbose=0) == model.evaluate(x, y, verbose=0)


def _aged(config):
    """The config as Keras 2.15 spells it: other modules, `batch_input_shape`, dtypes as words."""
    if isinstance(config, list):
        return [_aged(item) for item in config]
    if not isinstance(config, dict):
        return config
    if config.get("class_name") == "DTypePolicy":
        return config["config"]["name"]
    aged = {key: _aged(item) for key, item in config.items()}
    if config.get("class_name") == "InputLayer":
        aged["config"]["batch_input_shape"] = aged["config"].pop("batch_shape")
    if config.get("class_name") in OLD_MODULES:
        aged["module"] = OLD_MODULES[config["class_name"]]
    return aged


def test_10_lambdas_in_h5_files_load_when_they_are_trusted(tmp_path, random):
    """Pain: a Lambda in an .h5 file fails or computes something else. Here it is read if the user says so, else refused."""
    x = keras.Input((4,))
    factor = 3.0
    model = keras.Model(x, layers.Lambda(lambda t: keras.ops.sum(t, axis=1, keepdims=True) * factor, name="weigh")(x))
    model.save(tmp_path / "lambda.h5")
    with pytest.raises(ValueError, match="safe_mode=False"):
        keras.models.load_model(tmp_path / "lambda.h5")
    loaded = keras.models.load_model(tmp_path / "lambda.h5", safe_mode=False)
    numbers, _ = data(random)
    np.testing.assert_array_equal(loaded.predict(numbers, verbose=0), model.predict(numbers, verbose=0))


@keras.utils.register_keras_serializable("user_pains")
class Twins(layers.Layer):
    """Two sublayers of one class and one name."""

    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.first, self.second = layers.Dense(units, name="dense"), layers.Dense(units, name="dense")

    def call(self, x):
        return self.first(x) - 2 * self.second(x)

    def get_config(self):
        return {**super().get_config(), "units": self.units}


@pytest.mark.parametrize("name", ["m.h5", "m.keras", "m.weights.h5"])
def test_10_sublayers_of_one_name_do_not_clash(tmp_path, random, name):
    """Pain: "name already exists" when two sublayers have equal weight names. Here every format keeps both."""
    x = keras.Input((4,))
    model = keras.Model(x, Twins(3)(Twins(4)(x)))
    numbers, _ = data(random)
    if name == "m.weights.h5":
        model.save_weights(tmp_path / name)
        loaded = keras.Model(x, Twins(3)(Twins(4)(x)))
        loaded.load_weights(tmp_path / name)
    else:
        model.save(tmp_path / name)
        loaded = keras.models.load_model(tmp_path / name)
    np.testing.assert_array_equal(loaded.predict(numbers, verbose=0), model.predict(numbers, verbose=0))


def two_layers(first=5, second=2):
    return keras.Sequential([keras.Input((4,)), layers.Dense(first, name="a"), layers.Dense(second, name="b")])


def test_11_what_does_not_fit_names_both_sides(tmp_path):
    """Pain: "expected 2 variables, but received 0". Here the error names the layer, its place, and what the file has."""
    path = tmp_path / "one.weights.h5"
    keras.Sequential([keras.Input((4,)), layers.Dense(5, name="a")]).save_weights(path)
    with pytest.raises(
        ValueError, match=r"'b' \(Dense, stored at layers/dense_1\) has 2 variables.*file has 0.*layers/dense\b"
    ):
        two_layers().load_weights(path)
    with pytest.raises(ValueError, match=r"'a' \(Dense.*variable 0 has shape \(4, 7\) here.*file it has shape \(4, 5\)"):
        two_layers(7).load_weights(path)


def test_11_a_refused_file_changes_nothing_and_skipping_is_told(tmp_path):
    """Nothing is skipped silently: with skip_mismatch there is a warning for each layer, and the others are loaded."""
    path = tmp_path / "two.weights.h5"
    saved, model = two_layers(), two_layers(5, 3)
    saved.save_weights(path)
    before = model.get_weights()
    with pytest.raises(ValueError, match="'b'"):
        model.load_weights(path)
    for old, new in zip(before, model.get_weights()):
        np.testing.assert_array_equal(old, new)
    with pytest.warns(UserWarning, match=r"left as they are.*\n.*'b' \(Dense.*\(5, 3\) here.*\(5, 2\)"):
        model.load_weights(path, skip_mismatch=True)
    np.testing.assert_array_equal(model.layers[0].get_weights()[0], saved.layers[0].get_weights()[0])
    np.testing.assert_array_equal(model.layers[1].get_weights()[0], before[2])


@keras.utils.register_keras_serializable("user_pains")
class Nested(keras.Model):
    """Sublayers in lists of lists and of dicts."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.blocks = [[layers.Dense(3), layers.Dense(3)], [{"gate": layers.Dense(3)}], ([layers.Dense(2)],)]

    def call(self, x):
        for layer in self.blocks[0]:
            x = layer(x)
        return self.blocks[2][0][0](x * keras.ops.sigmoid(self.blocks[1][0]["gate"](x)))


@pytest.mark.parametrize("name", ["m.keras", "m.weights.h5"])
def test_11_sublayers_in_nested_lists_are_saved(tmp_path, random, name):
    """Pain: layers in lists of lists are not found, not trained and not saved. Here all are."""
    model, fresh, (x, _) = Nested(), Nested(), data(random)
    expected = model.predict(x, verbose=0)
    fresh.predict(x, verbose=0)
    assert len(model.trainable_weights) == 8
    if name == "m.keras":
        model.save(tmp_path / name)
        fresh = keras.models.load_model(tmp_path / name)
    else:
        model.save_weights(tmp_path / name)
        fresh.load_weights(tmp_path / name)
    np.testing.assert_array_equal(fresh.predict(x, verbose=0), expected)


def noisy_model():
    """Every kind of state: random numbers, moving averages, the optimizer's slots, a schedule, a loss scale."""
    model = keras.Sequential(
        [
            keras.Input((4,)),
            layers.Dense(8, activation="relu"),
            layers.BatchNormalization(),
            layers.Dropout(0.4),
            layers.GaussianNoise(0.1),
            layers.Dense(2, dtype="float32"),
        ]
    )
    schedule = keras.optimizers.schedules.CosineDecay(0.05, 20, warmup_target=0.1, warmup_steps=4)
    model.compile(keras.optimizers.AdamW(schedule, weight_decay=0.01, clipnorm=1.0), "mse", metrics=["mae"])
    return model


@pytest.mark.parametrize("policy", ["float32", "mixed_float16"])
def test_12_a_loaded_model_goes_on_bit_for_bit(tmp_path, random, policy):
    """Pain: the optimizer's state is lost, the loss jumps after loading. Here the next steps are equal in every bit."""
    keras.config.set_dtype_policy(policy)
    model = noisy_model()
    batches = [data(random, 8) for _ in range(10)]
    for batch in batches[:5]:
        model.train_on_batch(*batch)
    model.save(tmp_path / "m.keras")
    loaded = keras.models.load_model(tmp_path / "m.keras")
    assert type(loaded.optimizer) is type(model.optimizer)
    for batch in batches[5:]:
        assert loaded.train_on_batch(*batch) == model.train_on_batch(*batch)
    for mine, other in zip([*model.variables, *model.optimizer.variables], [*loaded.variables, *loaded.optimizer.variables]):
        np.testing.assert_array_equal(mine.numpy(), other.numpy(), err_msg=mine.path)
