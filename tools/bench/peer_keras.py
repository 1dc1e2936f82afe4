"""graphkeras, or Keras: one script for both, only the import differs (BENCH_KERAS says which).

Its training step is `train_on_batch`. For graphkeras, `run` is the compiled step alone, without Keras's Python around it.
"""

from __future__ import annotations

import importlib
import os
from typing import Any

import numpy as np

keras: Any = importlib.import_module(os.environ.get("BENCH_KERAS", "graphkeras"))


def versions() -> str:
    if keras.__name__ != "keras":
        onnxruntime: Any = importlib.import_module("onnxruntime")
        return f"graphkeras {keras.__version__}, onnxruntime {onnxruntime.__version__}"
    backend = keras.backend.backend()
    return f"keras {keras.__version__}, {backend} {importlib.import_module(backend).__version__}"


class Model:
    """A dense network with relu, on logits, trained by Adam."""

    def __init__(self, weights: list[Any], x: Any, y: Any, batch_size: int) -> None:
        layers: list[Any] = [keras.Input((x.shape[1],))]
        kernels = weights[::2]
        for k, kernel in enumerate(kernels):
            layers.append(keras.layers.Dense(kernel.shape[1], activation="relu" if k < len(kernels) - 1 else None))
        self._model = keras.Sequential(layers)
        self._model.set_weights(weights)
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        self._model.compile(optimizer=keras.optimizers.Adam(learning_rate=0.001, epsilon=1e-12), loss=loss)
        self._x, self._y, self._batch_size = x, y, batch_size
        self._loss: Any = None
        self._batches = [(x[k : k + batch_size], y[k : k + batch_size]) for k in range(0, len(x), batch_size)]
        if keras.__name__ != "keras":
            self.run = self._run

    def train_step(self, k: int) -> None:
        self._model.reset_metrics()
        self._loss = self._model.train_on_batch(*self._batches[k])

    def _run(self, k: int) -> None:
        (program,) = self._model.train_function.signatures.values()
        program.launch(self._batches[k])

    def train_loss(self) -> float:
        return float(np.asarray(self._loss).ravel()[0])

    def fit(self) -> None:
        self._model.fit(self._x, self._y, batch_size=self._batch_size, epochs=1, shuffle=False, verbose=0)

    def predict(self) -> None:
        self._model.predict(self._x, batch_size=self._batch_size, verbose=0)
