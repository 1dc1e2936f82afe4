"""PyTorch, eager or with `torch.compile` (BENCH_TORCH_COMPILE=1): fused Adam, the loop that its tutorials show."""

from __future__ import annotations

import os
from typing import Any

import torch  # type: ignore[import-not-found,unused-ignore]


def versions() -> str:
    return f"torch {torch.__version__}, {torch.get_num_threads()} threads"


class Model:
    """A dense network with relu, on logits, trained by Adam."""

    def __init__(self, weights: list[Any], x: Any, y: Any, batch_size: int) -> None:
        if threads := int(os.environ.get("BENCH_THREADS", "0")):
            torch.set_num_threads(threads)
        layers: list[Any] = []
        for kernel, bias in zip(weights[::2], weights[1::2]):
            layer = torch.nn.Linear(*kernel.shape)
            with torch.no_grad():
                layer.weight.copy_(torch.from_numpy(kernel.T.copy()))
                layer.bias.copy_(torch.from_numpy(bias))
            layers += [layer, torch.nn.ReLU()]
        model = torch.nn.Sequential(*layers[:-1])
        compiled = os.environ.get("BENCH_TORCH_COMPILE") == "1"
        self._model = torch.compile(model) if compiled else model
        self._optimizer = torch.optim.Adam(model.parameters(), lr=0.001, eps=1e-12, fused=True)
        self._criterion = torch.nn.CrossEntropyLoss()
        self._batches = [
            (torch.from_numpy(x[k : k + batch_size]), torch.from_numpy(y[k : k + batch_size]).long())
            for k in range(0, len(x), batch_size)
        ]
        self._loss: Any = None

    def train_step(self, k: int) -> None:
        x, y = self._batches[k]
        self._optimizer.zero_grad()
        self._loss = self._criterion(self._model(x), y)
        self._loss.backward()
        self._optimizer.step()

    def train_loss(self) -> float:
        return float(self._loss)

    def fit(self) -> None:
        total = 0.0
        for k in range(len(self._batches)):
            self.train_step(k)
            total += self._loss.detach()
        float(total)

    def predict(self) -> None:
        with torch.inference_mode():
            for x, _ in self._batches:
                self._model(x).numpy()
