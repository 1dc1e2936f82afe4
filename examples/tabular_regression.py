"""Regression on a table with numbers, categories and bands: the preprocessing is part of the model.

You learn how to

1. feed a model a dict of columns, one `Input` for each;
2. let layers learn from the data how to prepare it: `Normalization`, `StringLookup`, `Discretization`, `CategoryEncoding`;
3. look up strings once, before training, and keep all other preprocessing in the exported graph;
4. compare with baselines, so that the figure means something;
5. save, load and export a model with many inputs.

The data come with scikit-learn: ten measurements of 442 diabetes patients, and how far the disease has gone a year later, a
number from 25 to 346. Expect an R² of about 0.45 on patients that the model has not seen, after a few seconds. Always
guessing the mean has an R² of 0; a linear regression has 0.44: the table is too small to show much more.
"""

import argparse
from pathlib import Path

import numpy as np
import onnxruntime
from sklearn.datasets import load_diabetes
from sklearn.linear_model import RidgeCV
from sklearn.model_selection import train_test_split

import graphkeras as keras
from graphkeras import layers

NUMBERS = ["bmi", "bp", "s1", "s2", "s3", "s4", "s5", "s6"]


def load_table() -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Columns by name, each of shape (patients, 1), and the progression. The sex is text, as in a real table."""
    data = load_diabetes(scaled=False)
    table = {name: data.data[:, [place]].astype("float32") for place, name in enumerate(data.feature_names)}
    table["sex"] = np.where(table["sex"] == 1, "female", "male")
    return table, data.target.astype("float32")


def build_model(train: dict[str, np.ndarray], target: np.ndarray) -> keras.Model:
    """A model that takes the columns as they are, but for `sex`, which comes as an integer from StringLookup."""
    inputs = {name: keras.Input((1,), name=name) for name in [*NUMBERS, "age"]}
    inputs["sex"] = keras.Input((1,), name="sex", dtype="int64")

    # Numbers: mean 0 and variance 1, as in the training data. adapt() counts them; no gradient changes them.
    numbers = layers.Concatenate(name="numbers")([inputs[name] for name in NUMBERS])
    normalization = layers.Normalization(name="normalization")
    normalization.adapt(np.concatenate([train[name] for name in NUMBERS], axis=1))

    # Age: the effect is no straight line, so cut it into five bands with equally many patients.
    bands = layers.Discretization(num_bins=5, name="age_band")
    bands.adapt(train["age"])
    age = layers.CategoryEncoding(num_tokens=5, output_mode="one_hot", name="age_one_hot")(bands(inputs["age"]))

    # Sex: 0 is "not known"; an embedding would do for many categories, one-hot is enough for two.
    sex = layers.CategoryEncoding(num_tokens=3, output_mode="one_hot", name="sex_one_hot")(inputs["sex"])

    x = layers.Concatenate(name="features")([normalization(numbers), age, sex])
    # "Wide and deep": a straight line for the strong, simple effects, and a small network for what the line misses.
    wide = layers.Dense(1, name="wide")(x)
    x = layers.Dense(32, activation="relu")(x)
    x = layers.Dropout(0.5)(x)
    x = layers.Add()([wide, layers.Dense(1, name="deep")(x)])

    # The network learns numbers near 0; this puts them on the scale of the target.
    progression = layers.Rescaling(target.std(), offset=target.mean(), name="progression")(x)
    return keras.Model(inputs, progression, name="diabetes")


def r_squared(target: np.ndarray, predicted: np.ndarray | float) -> float:
    """The share of the variance that the predictions explain."""
    return 1 - float(np.mean((target - predicted) ** 2) / np.var(target))


def main(folder: Path, epochs: int) -> None:
    """Train, compare, save and export; the files go into `folder`."""
    keras.utils.set_random_seed(0)
    table, target = load_table()
    train_rows, test_rows = train_test_split(np.arange(len(target)), test_size=0.25, random_state=2)

    # The lookup may also be a layer of the model, behind an `Input(dtype="string")`; before it, each string is looked up once.
    lookup = layers.StringLookup()
    lookup.adapt(table["sex"][train_rows])
    print(f"The sexes and their integers: {dict(zip(lookup.get_vocabulary(), range(lookup.vocabulary_size())))}")
    table["sex"] = np.asarray(lookup(table["sex"]))

    train = {name: column[train_rows] for name, column in table.items()}
    test = {name: column[test_rows] for name, column in table.items()}
    model = build_model(train, target[train_rows])
    model.compile(
        optimizer=keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(0.01, decay_steps=11 * epochs)),
        loss="mean_squared_error",
        metrics=[keras.metrics.MeanAbsoluteError(name="mae"), keras.metrics.R2Score(name="r2")],
    )
    print(f"Training on {len(train_rows)} patients")
    model.fit(train, target[train_rows], epochs=epochs, batch_size=32, verbose=0)

    result = model.evaluate(test, target[test_rows], verbose=0, return_dict=True)
    predicted = model.predict(test, verbose=0)
    print(f"Test: R² {result['r2']:.3f}, mean absolute error {result['mae']:.1f} on {len(test_rows)} patients")
    linear = RidgeCV().fit(np.hstack(list(train.values())), target[train_rows])
    print(f"Always the mean: R² {r_squared(target[test_rows], target[train_rows].mean()):.3f}")
    print(f"Linear regression: R² {linear.score(np.hstack(list(test.values())), target[test_rows]):.3f}")

    for name in ("bmi", "s5"):
        shuffled = {**test, name: np.random.default_rng(0).permutation(test[name])}
        found = r_squared(target[test_rows], model.predict(shuffled, verbose=0)[:, 0])
        print(f"With {name} shuffled between the patients: R² {found:.3f}")

    saved, exported = folder / "diabetes.keras", folder / "diabetes.onnx"
    model.save(saved)
    again = keras.models.load_model(saved)
    print(f"Saved {saved}; loaded, it predicts the same: {np.array_equal(again.predict(test, verbose=0), predicted)}")

    model.export(exported)
    session = onnxruntime.InferenceSession(exported, providers=["CPUExecutionProvider"])
    (found,) = session.run(None, test)
    print(f"{exported} in onnxruntime differs from predict by {np.abs(found - predicted).max():.0e}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=int, default=60, help="how often to go over the data (default: %(default)s)")
    parser.add_argument(
        "--folder", type=Path, default=Path("build/tabular_regression"), help="where the files go (default: %(default)s)"
    )
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    main(options.folder, options.epochs)
