"""What a training step computes, and how it is compiled. `fit` and its kin, which run it, are in `trainer`."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

from .. import ops, optimizers
from ..gradients import gradients
from ..layers.tracking import switches
from ..metrics import Mean
from ..tracebacks import filtered
from ..tracing import StaticFunction
from . import compile_config
from .arrays import leaves
from .checks import positive_integer
from .compile_loss import CompileLoss
from .compile_metrics import CompileMetrics
from .packing import unpack_x_y_sample_weight
from .state import TrainingState


class CompiledSteps:
    """What a step computes, and its compiled forms."""

    stop_training = False
    optimizer: Any = None
    loss: Any = None
    _training: TrainingState | None = None

    # ---- compile -------------------------------------------------------------------------------------------------------

    @filtered
    def compile(
        self,
        optimizer: Any = "rmsprop",
        loss: Any = None,
        loss_weights: Any = None,
        metrics: Any = None,
        weighted_metrics: Any = None,
        run_eagerly: bool = False,
        steps_per_execution: int = 1,
        jit_compile: Any = "auto",
        auto_scale_loss: bool = True,
    ) -> None:
        """Say how the model is trained.

        Args:
            optimizer: a name or an object of `keras.optimizers`.
            loss: a loss (name, object or function) for every output, a list in the order of outputs, or a dict by name.
            loss_weights: numbers that the losses of the outputs are multiplied by, in the same structure.
            metrics: a list of metrics; for several outputs a list of lists in their order, or a dict by name.
            weighted_metrics: the same, for metrics that sample weights count in.
            run_eagerly: run the steps of this model on the reference, operation by operation in NumPy: slow, and an error
                names the operation and the line that made it. Steps are still traced: in them, tensors are symbols.
            steps_per_execution: how many steps pass between calls of callbacks.
            jit_compile: accepted and without effect: everything is compiled.
            auto_scale_loss: put a `LossScaleOptimizer` around the optimizer if the policy of the model is "mixed_float16".

        Raises:
            ValueError: for an unknown name; lists the near matches.
        """
        names = getattr(self, "output_names", None)
        self.optimizer = None if optimizer is None else optimizers.get(optimizer)
        if auto_scale_loss and self._is_mixed_float16() and not isinstance(self.optimizer, optimizers.LossScaleOptimizer):
            self.optimizer = self.optimizer and optimizers.LossScaleOptimizer(self.optimizer, name="loss_scale_optimizer")
        self.loss = loss
        self._training = TrainingState(
            loss=CompileLoss(loss, loss_weights, names) if loss is not None else None,
            metrics=CompileMetrics(metrics, weighted_metrics, names),
            loss_tracker=Mean(name="loss"),
            steps_per_execution=positive_integer("steps_per_execution", steps_per_execution),
            target="numpy" if run_eagerly else None,
            config={
                "optimizer": self.optimizer,
                "loss": loss,
                "loss_weights": loss_weights,
                "metrics": metrics,
                "weighted_metrics": weighted_metrics,
                "run_eagerly": bool(run_eagerly),
                "steps_per_execution": steps_per_execution,
                "jit_compile": False if jit_compile == "auto" else bool(jit_compile),
            },
        )
        self._training.check_names()
        self.stop_training = False

    def _is_mixed_float16(self) -> bool:
        policy = getattr(self, "dtype_policy", None)
        return policy is not None and policy.name == "mixed_float16"

    @property
    def run_eagerly(self) -> bool:
        """Whether `compile` was told to run the steps on the reference."""
        return self._training is not None and self._training.target is not None

    @run_eagerly.setter
    def run_eagerly(self, value: bool) -> None:
        state = self._state()
        state.target = "numpy" if value else None
        state.config["run_eagerly"] = bool(value)

    @property
    def compiled(self) -> bool:
        """Whether `compile` has been called."""
        return self._training is not None

    def get_compile_config(self) -> dict[str, Any] | None:
        """The arguments of `compile` for a file; None if it was not called or got something that no file can hold."""
        return None if self._training is None else compile_config.serialized(self._training.config)

    def compile_from_config(self, config: Mapping[str, Any]) -> None:
        """Compile as `get_compile_config` says, and make the optimizer's state if the model is built."""
        compile_config.apply(self, config)

    # ---- the steps: override these -----------------------------------------------------------------------------------------

    def train_step(self, data: Any) -> dict[str, Any]:
        """One step of training on symbols. `data` is x, (x, y) or (x, y, sample_weight); returns the figures of the logs."""
        x, y, sample_weight = unpack_x_y_sample_weight(data)
        y_pred = self(x, training=True)  # type: ignore[operator]
        loss = self.compute_loss(x=x, y=y, y_pred=y_pred, sample_weight=sample_weight, training=True)
        self._track_loss(loss, x)
        weights = self.trainable_weights  # type: ignore[attr-defined]
        if weights:
            if not self.optimizer.built:
                self.optimizer.build(weights)  # before scale_loss, which may read its state
            self.optimizer.apply(gradients(self.optimizer.scale_loss(loss), weights), weights)
        else:
            warnings.warn("The model has no trainable weights; fit changes nothing.", stacklevel=2)
        return self.compute_metrics(x, y, y_pred, sample_weight=sample_weight)

    def test_step(self, data: Any) -> dict[str, Any]:
        """One step of evaluation on symbols."""
        x, y, sample_weight = unpack_x_y_sample_weight(data)
        y_pred = self(x, training=False)  # type: ignore[operator]
        loss = self.compute_loss(x=x, y=y, y_pred=y_pred, sample_weight=sample_weight, training=False)
        self._track_loss(loss, x)
        return self.compute_metrics(x, y, y_pred, sample_weight=sample_weight)

    def predict_step(self, data: Any) -> Any:
        """One step of prediction on symbols."""
        x, _, _ = unpack_x_y_sample_weight(data)
        return self(x, training=False)  # type: ignore[operator]

    def compute_loss(
        self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None, training: bool = True
    ) -> Any:
        """What training makes small: the compiled loss, `add_loss` of layers, and regularization.

        Raises:
            ValueError: if there is nothing of that.
        """
        state = self._state()
        losses = []
        if state.loss is not None:
            if y is None:
                raise ValueError("The model was compiled with a loss, which needs targets: pass y, or batches (x, y).")
            compiled = state.loss(y, y_pred, sample_weight)
            losses += [] if compiled is None else [compiled]
        losses += [ops.sum(ops.cast(extra, "float32")) for extra in self.losses]  # type: ignore[attr-defined]
        if not losses:
            raise ValueError("There is no loss to make small: give compile a loss, or use add_loss in the model.")
        total = losses[0]
        for extra in losses[1:]:
            total = ops.add(total, extra)
        return total

    def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> dict[str, Any]:
        """Update the compiled metrics and return all figures."""
        state = self._state()
        if y is not None:
            state.metrics.update_state(y, y_pred, sample_weight)
        return self.get_metrics_result()

    def get_metrics_result(self) -> dict[str, Any]:
        """The figures of all metrics by name."""
        logs: dict[str, Any] = {}
        for metric in self.metrics:
            result = metric.result()
            logs.update(result if isinstance(result, dict) else {metric.name: result})
        return logs

    def _track_loss(self, loss: Any, x: Any) -> None:
        """The mean over samples: a smaller last batch counts less."""
        arrays = leaves(x)
        self._state().loss_tracker.update_state(loss, sample_weight=ops.shape(arrays[0])[0])

    # ---- metrics -------------------------------------------------------------------------------------------------------

    @property
    def metrics(self) -> list[Any]:
        """The loss, the metrics of layers, the compiled metrics, and the losses of single outputs."""
        inherited = list(super().metrics)  # type: ignore[misc]
        if self._training is None:
            return inherited
        per_output = self._training.loss.metrics if self._training.loss is not None else []
        return [self._training.loss_tracker, *inherited, self._training.metrics, *per_output]

    @property
    def metrics_names(self) -> list[str]:
        """The names of what `evaluate` returns, in its order; complete once the model has been run."""
        names, of_outputs = [], []
        for metric in self.metrics:
            if isinstance(metric, CompileMetrics):
                names += [part.name for part in metric.parts if part.name == part.metric.name]
                of_outputs += [part.name for part in metric.parts if part.name != part.metric.name]
            else:
                names.append(metric.name)
        return names + sorted(of_outputs)

    def reset_metrics(self) -> None:
        """Forget all batches."""
        metrics = list(self.metrics)
        if self._training is not None:
            if self._training.metrics not in metrics:
                metrics.append(self._training.metrics)  # a model may define `metrics` anew
            self._training.reset = metrics
        for metric in metrics:
            metric.reset_state()

    def _reset_known_metrics(self) -> None:
        """`reset_metrics` without looking for metrics in all layers again."""
        known = self._state().reset
        if known is None:
            self.reset_metrics()
        else:
            for metric in known:
                metric.reset_state()

    # ---- compiled functions ------------------------------------------------------------------------------------------------

    @property
    def train_function(self) -> StaticFunction | None:
        """The compiled `train_step`, None before it is made. Set it to None to have it made anew."""
        return self._training.functions.get("train") if self._training is not None else None

    @train_function.setter
    def train_function(self, function: StaticFunction | None) -> None:
        _keep(self._training, "train", function)

    @property
    def test_function(self) -> StaticFunction | None:
        """The compiled `test_step`, None before it is made."""
        return self._training.functions.get("test") if self._training is not None else None

    @test_function.setter
    def test_function(self, function: StaticFunction | None) -> None:
        _keep(self._training, "test", function)

    @property
    def predict_function(self) -> StaticFunction | None:
        """The compiled `predict_step`, None before it is made."""
        return self._prediction().functions.get("predict")

    @predict_function.setter
    def predict_function(self, function: StaticFunction | None) -> None:
        _keep(self._prediction(), "predict", function)

    def make_train_function(self, force: bool = False) -> StaticFunction:
        """The compiled `train_step`; traced for each signature of the data when it first comes.

        Made anew when other weights are trained or the optimizer is another one.
        """
        inner = getattr(self.optimizer, "inner_optimizer", self.optimizer)
        optimizer = (id(self.optimizer), id(getattr(inner, "_learning_rate", None)))
        return self._state().function(
            "train", self.train_step, force, (*optimizer, switches()), lambda: self._trained(optimizer)
        )

    def make_test_function(self, force: bool = False) -> StaticFunction:
        """The compiled `test_step`; made anew when the model has other weights."""
        return self._state().function("test", self.test_step, force, (switches(),), self._weight_ids)

    def make_predict_function(self, force: bool = False) -> StaticFunction:
        """The compiled `predict_step`; made anew when the model has other weights."""
        return self._prediction().function("predict", self.predict_step, force, (switches(),), self._weight_ids)

    def _weight_ids(self) -> tuple[int, ...]:
        return tuple(map(id, self.weights))  # type: ignore[attr-defined]

    def _trained(self, optimizer: tuple[int, int]) -> tuple[int, ...]:
        return (*optimizer, *map(id, self.trainable_weights))  # type: ignore[attr-defined]

    def _state(self) -> TrainingState:
        if self._training is None:
            raise ValueError(
                "The model must be compiled before it is trained or evaluated: "
                "call model.compile(optimizer='adam', loss=...) first."
            )
        return self._training

    def _prediction(self) -> TrainingState:
        """Prediction needs no compile; its functions live beside those of training."""
        if "_predicting" not in self.__dict__:
            self._predicting = TrainingState.for_prediction()
        self._predicting.target = None if self._training is None else self._training.target
        return self._predicting


def _keep(state: TrainingState | None, kind: str, function: StaticFunction | None) -> None:
    if state is None:
        return
    if function is None:
        state.functions.pop(kind, None)
    else:
        state.functions[kind] = function
