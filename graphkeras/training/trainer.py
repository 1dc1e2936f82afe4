"""`Trainer`: fit, evaluate, predict. What a step computes is in `compiled_steps`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from .. import config
from ..callbacks import CallbackList, History
from ..seeding import default_seed
from ..tracebacks import filtered
from ..tracing import StaticFunction
from .arrays import leaves, require_no_nan, sample_count, standardize
from .backup import Run
from .checks import positive_integer, require_known_classes, split_point, standard_verbose
from .compiled_steps import CompiledSteps
from .loop import Steps, read_logs, results, run_pass
from .packing import pack_x_y_sample_weight, unpack_x_y_sample_weight
from .prediction import predict_all, predicted
from .py_dataset import PyDataset
from .sources import ArraySource, IterableSource, Source, yields_batches
from .weights import with_class_weight


class Trainer(CompiledSteps):
    """The training half of a model."""

    history: History | None = None

    # ---- fit -----------------------------------------------------------------------------------------------------------

    @filtered
    def fit(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: Any = "auto",
        callbacks: Any = None,
        validation_split: float = 0.0,
        validation_data: Any = None,
        shuffle: bool = True,
        class_weight: Mapping[int, float] | None = None,
        sample_weight: Any = None,
        initial_epoch: int = 0,
        steps_per_epoch: int | None = None,
        validation_steps: int | None = None,
        validation_batch_size: int | None = None,
        validation_freq: Any = 1,
    ) -> History:
        """Train the model.

        Args:
            x: arrays (one, a list in the order of inputs, or a dict by input name), or something that yields batches
                (x, y) or (x, y, sample_weight): a generator, an iterable such as a PyTorch `DataLoader`, a `PyDataset`.
            y: targets, in the same forms as `x`.
            batch_size: samples in a step; 32 by default.
            epochs: the number of the last epoch; as many passes as that less `initial_epoch`.
            verbose: 0 silent, 1 progress bar, 2 one line for each epoch; "auto" is 1.
            callbacks: a list of `keras.callbacks.Callback`.
            validation_split: the part of the samples, from the end, that is left out and evaluated after each epoch.
            validation_data: (x, y), (x, y, sample_weight) or batches, evaluated after each epoch.
            shuffle: whether each epoch has its own order of samples.
            class_weight: weights of samples by their class numbers.
            sample_weight: a weight for each sample.
            initial_epoch: where to go on counting.
            steps_per_epoch: steps of an epoch; all the data by default.
            validation_steps: steps of validation; all the data by default.
            validation_batch_size: samples in a step of validation; `batch_size` by default.
            validation_freq: validate after every so many epochs, or after the epochs in a list (counted from 1).

        Returns:
            The `History`: the figures of every epoch.

        Raises:
            ValueError: for data and arguments that do not fit, before anything is trained.
        """
        state = self._state()
        epochs = min(positive_integer("epochs", epochs), config.max_epochs() or epochs)
        verbose = standard_verbose(verbose)
        batch_size = 32 if batch_size is None else positive_integer("batch_size", batch_size)
        if not initial_epoch >= 0:
            raise ValueError(f"initial_epoch must not be negative, got {initial_epoch}.")
        if validation_split and validation_data is not None:
            raise ValueError("Give validation_split or validation_data, not both.")
        if validation_split:
            x, y, sample_weight, validation_data = _split(x, y, sample_weight, validation_split)
        source = self._source(x, y, sample_weight, batch_size, steps_per_epoch, class_weight, shuffle)
        validation = self._validation_source(validation_data, validation_batch_size or batch_size, validation_steps)
        self.reset_metrics()
        function = self.make_train_function()
        steps = Steps(function, source, self._check_labels)
        state.run = Run(self, function, source)
        watched = CallbackList(callbacks, add_history=True, add_progbar=verbose != 0, model=self)
        params = {"verbose": verbose, "epochs": epochs, "steps": source.steps, "steps_per_execution": state.steps_per_execution}
        watched.set_params(params)
        self.stop_training = False
        watched.on_train_begin()
        logs: dict[str, Any] = {}
        test_steps: Steps | None = None
        first, skip, ready = self._resumed(steps, state.run, initial_epoch, epochs)
        for epoch in range(first, epochs):
            if epoch <= first + 1:
                self.reset_metrics()  # some metrics are made in the first step
            else:
                self._reset_known_metrics()
            watched.on_epoch_begin(epoch)
            logs = run_pass(steps, watched, "train", self, epoch, state.steps_per_execution, skip, ready)
            if not skip:
                _require_batches(logs, source, epoch - first)
            skip, ready = 0, None
            if validation is not None and _is_validated(validation_freq, epoch):
                test_steps = test_steps or Steps(self.make_test_function(), validation, self._check_labels)
                logs.update({f"val_{name}": value for name, value in self._evaluated(test_steps, watched).items()})
            watched.on_epoch_end(epoch, logs)
            if self.stop_training:
                break
        if hasattr(self.optimizer, "finalize_variable_values"):
            self.optimizer.finalize_variable_values(self.trainable_weights)  # type: ignore[attr-defined]
        watched.on_train_end(logs)
        state.run = None
        assert watched.history is not None
        self.history = watched.history
        return watched.history

    def _resumed(self, steps: Steps, run: Run, initial_epoch: int, epochs: int) -> tuple[int, int, Callable[[], None] | None]:
        """The first epoch, how many of its batches are done, and what restores the state of a backup, if there is one."""
        place = run.place()
        if place is None:
            return initial_epoch, 0, None
        if place.epoch >= epochs:  # the backup is of a run that has ended
            steps.prepare()
            run.restore()
        else:
            steps.pass_over(place.epoch - initial_epoch)
        return place.epoch, place.batches, run.restore

    def _evaluated(self, steps: Steps, callbacks: CallbackList) -> dict[str, Any]:
        self._reset_known_metrics()
        callbacks.on_test_begin()
        logs = run_pass(steps, callbacks, "test", self)
        callbacks.on_test_end(logs)
        return logs

    # ---- evaluate and predict ------------------------------------------------------------------------------------------------

    @filtered
    def evaluate(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        verbose: Any = "auto",
        sample_weight: Any = None,
        steps: int | None = None,
        callbacks: Any = None,
        return_dict: bool = False,
    ) -> Any:
        """The loss and the metrics over all the data; arguments as in `fit`.

        Returns:
            The loss, or a list of the loss and the metrics in the order of `metrics_names`; a dict if `return_dict`.
        """
        self._state()
        verbose = standard_verbose(verbose)
        batch_size = 32 if batch_size is None else positive_integer("batch_size", batch_size)
        source = self._source(x, y, sample_weight, batch_size, steps)
        compiled = Steps(self.make_test_function(), source, self._check_labels)
        watched = CallbackList(callbacks, add_progbar=verbose != 0, model=self)
        watched.set_params({"verbose": verbose, "epochs": 1, "steps": source.steps})
        self.stop_training = False
        logs = self._evaluated(compiled, watched)
        _require_batches(logs, source, 0)
        return logs if return_dict else self._in_order(logs)

    @filtered
    def predict(
        self, x: Any, batch_size: int | None = None, verbose: Any = "auto", steps: int | None = None, callbacks: Any = None
    ) -> Any:
        """The model's outputs for all samples, as arrays; arguments as in `fit`."""
        shown = standard_verbose(verbose)
        source = self._unlabelled(x, batch_size, steps)
        if verbose == "auto" and source.steps == 1:
            shown = 0  # one step has no progress
        return predict_all(self, Steps(self.make_predict_function(), source), source, callbacks, shown)

    def predict_batches(self, x: Any, batch_size: int | None = None, steps: int | None = None) -> Iterator[Any]:
        """The model's outputs, batch after batch, for results that do not fit into memory together; Keras has no such method.

            for outputs in model.predict_batches(dataset):
                file.write(outputs.tobytes())

        Args:
            x: as in `predict`: arrays, or anything that yields batches. Batches are read when they are needed.
            batch_size: samples in a batch of arrays; 32 by default.
            steps: how many batches; all by default.

        Returns:
            An iterator over what `predict_on_batch` returns for each batch.

        Raises:
            ValueError: for data and arguments that do not fit, at the call.
        """
        source = self._unlabelled(x, batch_size, steps)
        return predicted(Steps(self.make_predict_function(), source))

    # ---- single batches -------------------------------------------------------------------------------------------------

    @filtered
    def train_on_batch(
        self, x: Any, y: Any = None, sample_weight: Any = None, class_weight: Any = None, return_dict: bool = False
    ) -> Any:
        """One step of training on one batch.

        Returns:
            What `evaluate` returns, for this batch alone.
        """
        self._state()
        return self._on_batch(self.make_train_function(), x, y, sample_weight, class_weight, return_dict)

    @filtered
    def test_on_batch(self, x: Any, y: Any = None, sample_weight: Any = None, return_dict: bool = False) -> Any:
        """One step of evaluation on one batch; returns as `train_on_batch`."""
        self._state()
        return self._on_batch(self.make_test_function(), x, y, sample_weight, None, return_dict)

    @filtered
    def predict_on_batch(self, x: Any) -> Any:
        """The model's outputs for one batch."""
        data = pack_x_y_sample_weight(standardize(_given(x), "x"))
        sample_count(data)
        prepared = self.make_predict_function().prepare(data)
        prepared.launch(leaves(data))
        return results(prepared)

    def _on_batch(
        self, function: StaticFunction, x: Any, y: Any, sample_weight: Any, class_weight: Any, return_dict: bool
    ) -> Any:
        x, y, sample_weight = (
            standardize(part, name) for part, name in ((_given(x), "x"), (y, "y"), (sample_weight, "sample_weight"))
        )
        sample_count(x, y, sample_weight)
        data = pack_x_y_sample_weight(x, y, with_class_weight(y, sample_weight, class_weight))
        prepared = function.prepare(data)
        self._check_labels(data)
        self._reset_known_metrics()
        prepared.launch(leaves(data))
        figures = read_logs(prepared)
        return figures if return_dict else self._in_order(figures)

    # ---- data ----------------------------------------------------------------------------------------------------------

    def _unlabelled(self, x: Any, batch_size: int | None, steps: int | None) -> Source:
        """Batches to predict on."""
        batch_size = 32 if batch_size is None else positive_integer("batch_size", batch_size)
        if yields_batches(x):
            return IterableSource(x, steps)
        return ArraySource(standardize(_given(x), "x"), None, None, batch_size, limit=steps)

    def _source(
        self,
        x: Any,
        y: Any,
        sample_weight: Any,
        batch_size: int,
        steps: int | None,
        class_weight: Mapping[int, float] | None = None,
        shuffle: bool = False,
    ) -> Source:
        """Batches of what a user passed."""
        if steps is not None:
            steps = positive_integer("the number of steps", steps)
        if yields_batches(x):
            if y is not None or sample_weight is not None:
                raise ValueError("x yields batches; they must hold y and sample_weight themselves: (x, y, sample_weight).")
            adapt = None if class_weight is None else lambda y, weights: with_class_weight(y, weights, class_weight)
            return IterableSource(x, steps, adapt, default_seed() if shuffle and isinstance(x, PyDataset) else None)
        x, y, sample_weight = (
            standardize(part, name) for part, name in ((_given(x), "x"), (y, "y"), (sample_weight, "sample_weight"))
        )
        sample_count(x, y, sample_weight)
        loss = self._state().loss
        for part, name in ((x, "x"), (None if loss is not None and loss.is_own else y, "y"), (sample_weight, "sample_weight")):
            require_no_nan(part, name)
        sample_weight = with_class_weight(y, sample_weight, class_weight)
        return ArraySource(x, y, sample_weight, batch_size, default_seed() if shuffle else None, steps)

    def _validation_source(self, data: Any, batch_size: int, steps: int | None) -> Source | None:
        if data is None:
            return None
        if yields_batches(data):
            return self._source(data, None, None, batch_size, steps)
        if not isinstance(data, (list, tuple)) or not 1 <= len(data) <= 3:
            raise ValueError(f"validation_data must be (x, y), (x, y, sample_weight) or batches, got {type(data).__name__}.")
        x, y, sample_weight = unpack_x_y_sample_weight(tuple(data))
        return self._source(x, y, sample_weight, positive_integer("validation_batch_size", batch_size), steps)

    def _check_labels(self, data: Any) -> None:
        _, y, _ = unpack_x_y_sample_weight(data)
        require_known_classes(self._state().loss, y, getattr(self, "output_names", None))

    def _in_order(self, logs: dict[str, Any]) -> Any:
        """The figures in the order of `metrics_names`, others after them by name; a single one alone."""
        names, orders = tuple(logs), self._state().order
        if names not in orders:
            known = [name for name in self.metrics_names if name in logs]
            orders[names] = [*known, *sorted(set(logs) - set(known))]
        ordered = [logs[name] for name in orders[names]]
        return ordered[0] if len(ordered) == 1 else ordered


def _given(x: Any) -> Any:
    if x is None:
        raise ValueError("x is missing: pass arrays, or something that yields batches.")
    return x


def _split(x: Any, y: Any, sample_weight: Any, validation_split: float) -> tuple[Any, Any, Any, Any]:
    """The samples to train on, and those at the end to validate on."""
    if yields_batches(x):
        raise ValueError("validation_split needs arrays; pass validation_data where x yields batches.")
    parts = [standardize(part, name) for part, name in ((_given(x), "x"), (y, "y"), (sample_weight, "sample_weight"))]
    at = split_point(validation_split, sample_count(*parts))
    head, tail = ([_cut(part, place) for part in parts] for place in (slice(0, at), slice(at, None)))
    return head[0], head[1], head[2], tuple(part for part in tail if part is not None)


def _cut(data: Any, place: slice) -> Any:
    if data is None:
        return None
    if isinstance(data, dict):
        return {key: _cut(item, place) for key, item in data.items()}
    if isinstance(data, (list, tuple)):
        return type(data)(_cut(item, place) for item in data)
    return data[place]


def _require_batches(logs: dict[str, Any], source: Source, passes: int) -> None:
    if logs:
        return
    if passes == 0:
        raise ValueError("The data yields no batch.")
    raise ValueError(
        f"The data yields no batch after {passes} epoch{'s' if passes > 1 else ''}: a generator can be read only once. "
        "Give steps_per_epoch and a generator that goes on, or a keras.utils.PyDataset, or a list of batches."
    )


def _is_validated(validation_freq: Any, epoch: int) -> bool:
    if isinstance(validation_freq, (int, np.integer)):
        return (epoch + 1) % positive_integer("validation_freq", validation_freq) == 0
    return epoch + 1 in list(validation_freq)
