"""Where does a model look? Saliency maps from `gradients`, as a model of their own that runs in onnxruntime.

You learn how to

1. differentiate a model by its inputs: `graphkeras.gradients` makes symbols, which are outputs like any other;
2. build a model from the tensors inside another one;
3. average gradients over noisy copies, which makes maps smoother (SmoothGrad, arXiv:1706.03825);
4. check an explanation: we know where the digit is, the model has never been told;
5. export the derivative: onnxruntime knows nothing of gradients, but the graph of a gradient is a graph.

Each picture has nine places. One holds a digit of scikit-learn's, three hold decoys: digits whose pixels are shuffled. A
convolution network learns which digit it is; it is not told where. Expect an accuracy of about 93 % after a minute, saliency
that is ten times as high on the digit as on the decoys (before training: the same), and `saliency.png`: pictures, their
saliency, and both together.
"""

import argparse
from pathlib import Path

import numpy as np
import onnxruntime
from sklearn.datasets import load_digits

import graphkeras as keras
from graphkeras import layers, ops

SIZE = 24


def hidden_digits(count: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Pictures (count, 24, 24, 1), their digits, and where the digit and the decoys are: True in a mask of (count, 24, 24).

    Even seeds take the first 1,400 digits, odd ones the other 397: to train and to test.
    """
    random = np.random.default_rng(seed)
    images, labels = load_digits(return_X_y=True)
    first, last = (0, 1400) if seed % 2 == 0 else (1400, len(labels))
    chosen = random.integers(first, last, size=(count, 4))
    contents = images[chosen] / 16
    contents[:, 1:] = random.permuted(contents[:, 1:], axis=-1)

    places = random.permuted(np.tile(np.arange(9), (count, 1)), axis=1)[:, :4]
    cells, kinds = np.zeros((count, 9, 64)), np.zeros((count, 9, 64), int)
    for k in range(4):
        cells[np.arange(count), places[:, k]] = contents[:, k]
        kinds[np.arange(count), places[:, k]] = 1 if k == 0 else 2

    def whole(parts):
        """(count, 9, 64) -> (count, 24, 24)"""
        return parts.reshape(count, 3, 3, 8, 8).transpose(0, 1, 3, 2, 4).reshape(count, SIZE, SIZE)

    pictures = whole(cells).astype("float32")[..., None]
    return pictures, labels[chosen[:, 0]].astype("int32"), whole(kinds) == 1, whole(kinds) == 2


def build_classifier() -> keras.Model:
    """Pictures to the logits of ten digits; the maximum over all places forgets where the digit was."""
    return keras.Sequential(
        [
            keras.Input((SIZE, SIZE, 1), name="picture"),
            layers.Conv2D(24, 3, padding="same", activation="relu"),
            layers.Conv2D(48, 3, strides=2, padding="same", activation="relu"),
            layers.Conv2D(64, 3, padding="same", activation="relu"),
            layers.GlobalMaxPooling2D(),
            layers.Dropout(0.2),
            layers.Dense(10, name="logits"),
        ],
        name="classifier",
    )


def build_saliency(classifier: keras.Model) -> keras.Model:
    """Pictures to [the digit that the classifier sees, how strongly its logit depends on each pixel].

    The derivative is that of the largest logit, summed over the batch: the pictures of a batch do not depend on each other.
    """
    picture = classifier.input
    logits = classifier.output
    gradient = keras.gradients(ops.max(logits, axis=-1), picture)
    saliency = ops.max(ops.abs(gradient), axis=-1)  # over the channels
    return keras.Model(picture, [ops.argmax(logits, axis=-1), saliency], name="saliency")


def smooth_saliency(model: keras.Model, pictures: np.ndarray, copies: int = 8, noise: float = 0.1) -> np.ndarray:
    """The mean saliency of noisy copies."""
    random = np.random.default_rng(0)
    noisy = [pictures + noise * random.normal(size=pictures.shape).astype("float32") for _ in range(copies)]
    return np.mean([model.predict(each, verbose=0)[1] for each in noisy], axis=0)


def contrast(saliency: np.ndarray, digit: np.ndarray, decoys: np.ndarray) -> float:
    """Mean saliency on the digit divided by the mean on the decoys: 1 would say that the map knows nothing."""
    return float(saliency[digit].mean() / saliency[decoys].mean())


def picture_of(pictures: np.ndarray, saliency: np.ndarray, scale: int = 6) -> np.ndarray:
    """Each row: three times picture, saliency in red, both. (height, width, 3)"""
    heat = saliency / saliency.max(axis=(1, 2), keepdims=True)
    red, none = np.stack([heat, heat**3, 0 * heat], axis=-1), pictures.repeat(3, axis=-1)
    strips = np.concatenate([none, red, np.clip(0.5 * none + red, 0, 1)], axis=2)
    framed = np.pad(strips, ((0, 0), (0, 2), (0, 2), (0, 0)), constant_values=0.3)
    rows = [np.concatenate(framed[first : first + 3], axis=1) for first in range(0, len(framed), 3)]
    return np.kron(np.concatenate(rows), np.ones((scale, scale, 1)))


def main(folder: Path, epochs: int) -> None:
    """Train, explain, draw and export; the files go into `folder`."""
    keras.utils.set_random_seed(0)
    x_train, y_train, _, _ = hidden_digits(4000, seed=0)
    x_test, y_test, *masks = hidden_digits(500, seed=1)

    classifier = build_classifier()
    classifier.compile(
        optimizer=keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(0.003, epochs * 63)),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    untrained = contrast(build_saliency(classifier).predict(x_test, verbose=0)[1], *masks)
    classifier.fit(x_train, y_train, batch_size=64, epochs=epochs, verbose=2)
    _, accuracy = classifier.evaluate(x_test, y_test, verbose=0)
    print(f"\nTest accuracy {accuracy:.3f}")

    model = build_saliency(classifier)
    seen, saliency = model.predict(x_test, verbose=0)
    smooth = smooth_saliency(model, x_test)
    print(f"Saliency on the digit divided by saliency on the decoys: {contrast(saliency, *masks):.1f}")
    print(f"  smoothed {contrast(smooth, *masks):.1f}, before training {untrained:.1f}")

    drawing = folder / "saliency.png"
    keras.utils.save_img(drawing, picture_of(x_test[:12], smooth[:12]))
    print(f"Drew {drawing}; the digits in it are {y_test[:12]}, the model sees {seen[:12]}")

    saved, exported = folder / "classifier.keras", folder / "saliency.onnx"
    classifier.save(saved)
    again = build_saliency(keras.models.load_model(saved))
    model.export(exported)
    session = onnxruntime.InferenceSession(exported, providers=["CPUExecutionProvider"])
    digit, found = session.run(None, {"picture": x_test})
    difference = np.abs(found - again.predict(x_test, verbose=0)[1]).max()
    print(f"Saved {saved} and {exported}; onnxruntime and the loaded model differ by {difference:.0e}")
    print(f"  and see the same digits: {np.array_equal(digit, seen)}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=int, default=10, help="how often to go over the data (default: %(default)s)")
    parser.add_argument("--folder", type=Path, default=Path("build/saliency"), help="where the files go (default: %(default)s)")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    main(options.folder, options.epochs)
