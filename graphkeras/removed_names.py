"""Names of older Keras and of other libraries that are not here, and what to write instead: for the errors that meet them."""

from __future__ import annotations

import re
from typing import Any, NoReturn

#: Arguments that Keras has renamed.
RENAMED_ARGUMENTS = {
    "nb_epoch": "epochs",
    "samples_per_epoch": "steps_per_epoch",
    "nb_val_samples": "validation_steps",
    "val_samples": "validation_steps",
    "init": "kernel_initializer",
    "border_mode": "padding",
    "dim_ordering": "data_format",
    "subsample": "strides",
    "bias": "use_bias",
    "nb_filter": "filters",
    "output_dim": "units",
    "inner_activation": "recurrent_activation",
    "inner_init": "recurrent_initializer",
    "W_regularizer": "kernel_regularizer",
    "b_regularizer": "bias_regularizer",
    "U_regularizer": "recurrent_regularizer",
    "W_constraint": "kernel_constraint",
    "b_constraint": "bias_constraint",
    "U_constraint": "recurrent_constraint",
    "dropout_W": "dropout",
    "dropout_U": "recurrent_dropout",
    "p": "rate",
    "input": "inputs",
    "output": "outputs",
    "nb_classes": "num_classes",
}

#: Arguments that Keras has dropped, and what to do.
DROPPED_ARGUMENTS = {
    **dict.fromkeys(
        ("workers", "use_multiprocessing", "max_queue_size"),
        "Give it to the PyDataset that makes the batches: PyDataset(workers=..., use_multiprocessing=..., max_queue_size=...).",
    ),
    "sample_weight_mode": "Leave it out: weights of the shape (samples, steps) are weights of time steps.",
    "experimental_run_tf_function": "Leave it out: every step is compiled.",
    "period": "Use save_freq='epoch' for every epoch, or a number of batches.",
    "epsilon": "ReduceLROnPlateau calls it min_delta.",
    "write_grads": "Leave it out: gradients are not written.",
    "mode": "Leave it out, or use another layer.",
}

_UNEXPECTED = re.compile(r"got an unexpected keyword argument '(\w+)'")


def argument_advice(name: str) -> str:
    """A sentence on an argument that nothing takes any more; empty for one that was never there."""
    if name in RENAMED_ARGUMENTS:
        return f"It is called {RENAMED_ARGUMENTS[name]} now."
    return DROPPED_ARGUMENTS.get(name, "")


def advice_on(error: TypeError) -> str:
    """What Python's own error for an unexpected argument leaves out."""
    found = _UNEXPECTED.search(str(error))
    advice = argument_advice(found[1]) if found else ""
    return f"{found[1]}: {advice}" if found and advice else ""


class Removed:
    """An attribute that is not there: asking for it is an AttributeError with advice, so `hasattr` says no.

    An attribute of the same name that a user sets on an object takes its place.
    """

    def __init__(self, advice: str) -> None:
        self.advice, self.name = advice, ""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, instance: Any, owner: type) -> NoReturn:
        raise AttributeError(f"{owner.__name__!r} has no attribute {self.name!r}. {self.advice}")


_GRADIENTS = (
    "Gradients are symbols here: graphkeras.gradients(loss, variables), then optimizer.apply(gradients, variables). "
    "docs/coming_from_keras.md shows a train_step."
)


class RemovedFromLayers:
    """Mixed into `Layer`."""

    add_metric = Removed("Keep a metric as an attribute, and call its update_state in call.")
    get_output_at = Removed("Keep the tensor that the layer returns; layer.output is that of its only call.")
    get_input_at = Removed("Keep the tensor that the layer is called on; layer.input is that of its only call.")
    input_shape: Any = Removed("Use layer.input.shape.")
    output_shape: Any = Removed("Use layer.output.shape.")
    zero_grad = Removed(f"There are no gradients to clear. {_GRADIENTS}")


class RemovedFromModels:
    """Mixed into `Model`."""

    fit_generator = Removed("model.fit takes generators: model.fit(generator, steps_per_epoch=...).")
    evaluate_generator = Removed("model.evaluate takes generators: model.evaluate(generator, steps=...).")
    predict_generator = Removed("model.predict takes generators: model.predict(generator, steps=...).")
    predict_proba = Removed("Use model.predict.")
    predict_classes = Removed("Use model.predict(x).argmax(axis=-1), or (model.predict(x) > 0.5) for one output.")
    to_yaml = Removed("Use model.to_json().")


class RemovedFromSymbols:
    """Mixed into `KerasTensor`."""

    numpy = Removed(
        "A symbol has no numbers before the model runs: Model(inputs, tensor).predict(x), or call the layer on NumPy arrays."
    )
    backward = Removed(_GRADIENTS)
    detach = Removed("Use graphkeras.ops.stop_gradient(x).")
    get_shape = Removed("Use x.shape, or ops.shape(x) where sizes are not known before the run.")
