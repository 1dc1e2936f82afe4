"""Handwritten digits from start to end: define, train, evaluate, save, export, run the .onnx, look at the graph.

``make demo`` runs this. The data are the 1,797 scanned digits of 8x8 pixels that come with scikit-learn.
"""

import argparse
from pathlib import Path

import numpy as np
import onnxruntime
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import graphkeras as keras
from graphkeras.layers import Dense, Dropout, Input
from graphkeras.tools import dump

LEAST_ACCURACY = 0.95
LARGEST_DIFFERENCE = 1e-5


def digits() -> list[np.ndarray]:
    """x_train, x_test, y_train, y_test: pixels in [0, 1] and the digit; always the same split."""
    pixels, labels = load_digits(return_X_y=True)
    pixels = (pixels / 16).astype("float32")
    return train_test_split(pixels, labels.astype("int32"), test_size=0.2, random_state=0, stratify=labels)


def build() -> keras.Model:
    """64 pixels -> 64 -> 32 -> the probabilities of ten digits."""
    model = keras.Sequential(
        [
            Input((64,), name="pixels"),
            Dense(64, activation="relu", name="hidden_1"),
            Dropout(0.1, name="dropout"),
            Dense(32, activation="relu", name="hidden_2"),
            Dense(10, activation="softmax", name="digit"),
        ],
        name="digits",
    )
    model.compile(
        optimizer=keras.optimizers.Adam(learning_rate=0.003), loss="sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    return model


def main(folder: Path, epochs: int) -> None:
    """Run all of it; the files go into `folder`."""
    keras.utils.set_random_seed(0)
    x_train, x_test, y_train, y_test = digits()
    model = build()
    model.summary()

    print(f"\nTraining on {len(x_train)} digits")
    model.fit(x_train, y_train, epochs=epochs, batch_size=32, validation_split=0.1)

    loss, accuracy = model.evaluate(x_test, y_test, verbose=0)
    print(f"\nTest: loss {loss:.4f}, accuracy {accuracy:.4f} on {len(x_test)} digits that it has not seen")
    if accuracy < LEAST_ACCURACY:
        raise SystemExit(f"The test accuracy must be at least {LEAST_ACCURACY}.")

    saved, exported = folder / "digits.keras", folder / "digits.onnx"
    model.save(saved)
    again = keras.models.load_model(saved)
    loss_again, accuracy_again = again.evaluate(x_test, y_test, verbose=0)
    print(f"Saved {saved} ({saved.stat().st_size:,} bytes); loaded again: loss {loss_again:.4f}, accuracy {accuracy_again:.4f}")

    model.export(exported)
    session = onnxruntime.InferenceSession(exported, providers=["CPUExecutionProvider"])
    (found,) = session.run(None, {session.get_inputs()[0].name: x_test})
    difference = float(np.abs(found - model.predict(x_test, verbose=0)).max())
    print(f"Exported {exported} ({exported.stat().st_size:,} bytes); onnxruntime differs from predict by {difference:.0e}")
    if difference > LARGEST_DIFFERENCE:
        raise SystemExit(f"The difference must be at most {LARGEST_DIFFERENCE}.")

    print("\nThe graph; from the shell: python -m graphkeras.tools.dump examples.digits:build\n")
    dump.main([f"{__name__}:build"])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path("build/demo"), help="where digits.keras and digits.onnx go")
    parser.add_argument("--epochs", type=int, default=20)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    main(options.folder, options.epochs)
