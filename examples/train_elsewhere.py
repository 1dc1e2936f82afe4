"""One .onnx file that trains: export the training step, then train with onnxruntime alone, as on a phone or in a browser."""

import json
import tempfile
from pathlib import Path

import numpy as np
import onnxruntime
from digits import build, digits

BATCH, EPOCHS = 32, 20


def train(path: Path, x: np.ndarray, y: np.ndarray) -> dict[str, np.ndarray]:
    """Train on `x` and `y` with nothing but the file; returns all variables by name."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3  # it warns of inputs that have defaults
    step = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    next_of = json.loads(step.get_modelmeta().custom_metadata_map["graphkeras.state"])
    pixels, labels = [entry.name for entry in step.get_inputs() if entry.name not in next_of]
    outputs = [output.name for output in step.get_outputs()]
    state: dict[str, np.ndarray] = {}  # at first the defaults in the file
    order = np.random.default_rng(0)
    for epoch in range(EPOCHS):
        places = order.permutation(len(x))
        for first in range(0, len(x), BATCH):
            batch = places[first : first + BATCH]
            found = dict(zip(outputs, step.run(None, {pixels: x[batch], labels: y[batch], **state})))
            state = {name: found[new] for name, new in next_of.items()}
        print(f"epoch {epoch + 1}: loss {found['loss']:.4f}, accuracy {found['accuracy']:.4f}")
        state.update({name: np.zeros((), "float32") for name in state if name.startswith(("loss/", "accuracy/"))})
    return state


def main(folder: Path) -> None:
    x_train, x_test, y_train, y_test = digits()
    model = build()
    model.train_on_batch(x_train[:BATCH], y_train[:BATCH])  # the step is traced when it first runs
    model.export(folder / "step.onnx", training=True)
    state = train(folder / "step.onnx", x_train, y_train)
    for variable in model.weights:
        variable.assign(state[variable.path])
    print(f"test accuracy {model.evaluate(x_test, y_test, verbose=0)[1]:.4f}")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        main(Path(temporary))
