"""Model configs of `.h5` files: Keras 3's without modules, and Keras 2's with its older spellings, to today's and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .op_nodes import is_op_entry

Config = dict[str, Any]


# ---- writing ----------------------------------------------------------------------------------------------------------


def to_legacy(written: Mapping[str, Any]) -> Config:
    """A serialized model as an .h5 file holds it: entries of layers have no module, registered name or build config.

    Operation nodes keep their module: without it, ``Add`` could be the layer or the operation.
    """
    config = dict(written["config"])
    if "layers" in config:
        config["layers"] = [_legacy_entry(entry) for entry in config["layers"]]
    return {"class_name": _legacy_class_name(written), "config": config}


def _legacy_entry(entry: Mapping[str, Any]) -> Config:
    if is_op_entry(entry):
        return dict(entry)
    kept = {key: entry[key] for key in ("name", "inbound_nodes") if key in entry}
    return {**to_legacy(entry), **kept}


def _legacy_class_name(written: Mapping[str, Any]) -> str:
    registered = written.get("registered_name") or ""
    return registered if ">" in registered else written["class_name"]


def training_config(compile_config: Mapping[str, Any]) -> Config:
    """A compile config as an .h5 file holds it."""
    rest = {key: value for key, value in compile_config.items() if key != "optimizer"}
    optimizer = compile_config["optimizer"]
    if isinstance(optimizer, Mapping):
        optimizer = {"class_name": _legacy_class_name(optimizer), "config": optimizer["config"]}
    return {**rest, "optimizer_config": optimizer}


# ---- reading ----------------------------------------------------------------------------------------------------------


def from_legacy(entry: Mapping[str, Any]) -> Config:
    """A model or layer entry of an .h5 file as `deserialize_keras_object` takes it."""
    class_name, config = entry["class_name"], entry["config"]
    if class_name == "Sequential" and isinstance(config, list):  # before Keras 2.2
        config = {"name": "sequential", "layers": config}
    if not isinstance(config, Mapping):
        return dict(entry)
    config = dict(config)
    if class_name == "InputLayer" and "batch_input_shape" in config:
        config["batch_shape"] = config.pop("batch_input_shape")
    if class_name == "BatchNormalization" and isinstance(config.get("axis"), list) and len(config["axis"]) == 1:
        config["axis"] = config["axis"][0]
    if class_name == "Model":
        class_name = "Functional"
    if "layers" in config and isinstance(config["layers"], list):
        layers = [from_legacy(layer) for layer in config["layers"]]
        if any(_is_keras2_node(node) for layer in config["layers"] for node in layer.get("inbound_nodes", ())):
            for key in ("input_layers", "output_layers"):
                config[key] = _unwrapped(config[key])
        config["layers"] = layers
    result = {**entry, "class_name": class_name, "config": config}
    if "inbound_nodes" in entry:
        result["inbound_nodes"] = [_modern_node(node) for node in entry["inbound_nodes"]]
    if "module" not in entry:
        result["module"] = None
        result["registered_name"] = class_name if ">" in class_name else None
    return result


def _is_keras2_node(node: Any) -> bool:
    return isinstance(node, list)


def _modern_node(node: Any) -> Config:
    """``[["layer", 0, 0, {}], ...]`` as the arguments of a call."""
    if not _is_keras2_node(node):
        return dict(node)
    tensors = [_tensor(*triple[:3]) for triple in node]
    kwargs = {key: _modern_argument(value) for key, value in (node[0][3] if len(node[0]) > 3 else {}).items()}
    return {"args": [tensors[0] if len(tensors) == 1 else tensors], "kwargs": kwargs}


def _modern_argument(value: Any) -> Any:
    """A call argument of Keras 2; a tensor is written as ``["layer", 0, 0]``."""
    kinds = [type(item) for item in value] if isinstance(value, list) else []
    return _tensor(*value) if kinds == [str, int, int] else value


def _tensor(layer: str, node_index: int, tensor_index: int) -> Config:
    history = [layer, node_index, tensor_index]
    return {"class_name": "__keras_tensor__", "config": {"shape": None, "dtype": None, "keras_history": history}}


def _unwrapped(triples: Sequence[Any]) -> Any:
    """Keras 2 always wrote a list of triples; a single one means the tensor itself."""
    return triples[0] if len(triples) == 1 and isinstance(triples[0], list) else triples


def compile_config(training: Mapping[str, Any]) -> Config:
    """A training config of an .h5 file as `Model.compile_from_config` takes it."""
    config = {key: value for key, value in training.items() if key not in ("optimizer_config", "sample_weight_mode")}
    optimizer = training.get("optimizer_config")
    if isinstance(optimizer, Mapping):
        config["optimizer"] = {
            "module": optimizer.get("module"),
            "class_name": optimizer["class_name"],
            "config": _modern_optimizer(optimizer["config"]),
            "registered_name": optimizer.get("registered_name"),
        }
    else:
        config["optimizer"] = optimizer
    for key in ("metrics", "weighted_metrics"):
        config[key] = _modern_metrics(config.get(key))
    return config


def _modern_optimizer(config: Mapping[str, Any]) -> Config:
    """Keras 2 wrote `lr`, and a `decay` that divides the learning rate by 1 + decay * iterations."""
    config = dict(config)
    if "lr" in config:
        config["learning_rate"] = config.pop("lr")
    decay = config.pop("decay", None)
    if decay:
        schedule = {"initial_learning_rate": config["learning_rate"], "decay_steps": 1, "decay_rate": decay}
        config["learning_rate"] = {
            "module": "keras.optimizers.schedules",
            "class_name": "InverseTimeDecay",
            "config": schedule,
            "registered_name": None,
        }
    return config


def _modern_metrics(metrics: Any) -> Any:
    """Keras 2 wrote ``"accuracy"`` as a wrapper around the function that it had chosen for it."""
    if isinstance(metrics, list):
        return [_modern_metrics(metric) for metric in metrics]
    if not isinstance(metrics, Mapping):
        return metrics
    if "class_name" not in metrics:
        return {key: _modern_metrics(metric) for key, metric in metrics.items()}
    inner = metrics.get("config")
    if metrics["class_name"] == "MeanMetricWrapper" and isinstance(inner, Mapping) and isinstance(inner.get("fn"), str):
        return "accuracy" if inner.get("name") in ("accuracy", "acc") else inner["fn"]
    return dict(metrics)
