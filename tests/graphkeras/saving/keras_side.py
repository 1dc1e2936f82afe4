"""Run by a Python that has real Keras: loads files, predicts, takes one training step, writes what came out.

usage: keras_side.py FOLDER; reads FOLDER/cases.json, a list of file names, and FOLDER/data.npz; writes FOLDER/<file>.npz.
"""

import json
import os
import sys
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "jax")

import keras
import numpy as np

folder = Path(sys.argv[1])
data = dict(np.load(folder / "data.npz"))
for name in json.loads((folder / "cases.json").read_text()):
    model = keras.models.load_model(folder / name)
    inputs = [data["x"]] * len(model.inputs) if len(model.inputs) > 1 else data["x"]
    outputs = model.predict(inputs, verbose=0)
    outputs = outputs if isinstance(outputs, list) else [outputs]
    found = {f"output_{k}": np.asarray(output) for k, output in enumerate(outputs)}
    if name.endswith(".keras") and model.compiled:  # Keras 3.15 cannot train on after any .h5: its optimizer has no slots
        found["loss"] = np.asarray(model.train_on_batch(inputs, data["y"]))
        found.update({f"weight_{k:03}": weight for k, weight in enumerate(model.get_weights())})
    np.savez(folder / f"{name}.npz", **found)

weights = folder / "mlp.weights.h5"
model = keras.Sequential(
    [keras.Input((6,)), keras.layers.Dense(8, activation="gelu"), keras.layers.Dense(3, activation="softmax")]
)
model.load_weights(weights)
np.savez(folder / f"{weights.name}.npz", output_0=model.predict(data["x"], verbose=0))
