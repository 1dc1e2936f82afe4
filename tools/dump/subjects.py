"""What is named on the command line, as a graph: a file, or an object of a Python module."""

from __future__ import annotations

import difflib
import importlib
import inspect
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from graphkeras import tree
from graphkeras.compiler.graph import Graph
from graphkeras.compiler.parser import ParseError, parse_graph
from graphkeras.compiler.types import TensorType, numpy_dtype
from graphkeras.models import Model, load_model
from graphkeras.saving.export import inference_graph
from graphkeras.tracing import StaticFunction

from .errors import DumpError

Array = np.ndarray[Any, Any]

MODEL_SUFFIXES = (".keras", ".h5", ".hdf5")


@dataclass(frozen=True)
class Subject:
    """What is dumped: a graph as traced, with the model that it belongs to, if any; or a finished ONNX model.

    Attributes:
        name: as given on the command line.
        graph: None for an ``.onnx`` file.
        model: tells the layers' classes.
        onnx_model: the content of an ``.onnx`` file.
    """

    name: str
    graph: Graph | None = None
    model: Model | None = None
    onnx_model: onnx.ModelProto | None = None


def find_subject(name: str, train: bool = False, modules: Sequence[str] = ()) -> Subject:
    """The thing called `name`; with `train` the training step of a model.

    Files may hold objects of the classes and functions of `modules`.

    Raises:
        DumpError: if there is no such thing, or it is none that has a graph.
    """
    path = Path(name)
    if path.is_file():
        return _from_file(name, path, train, modules)
    module, colon, attribute = name.partition(":")
    if path.suffix in (*MODEL_SUFFIXES, ".onnx", ".txt") or "/" in name:
        raise DumpError(f"There is no file {name!r}.")
    if not colon:
        raise DumpError(f"There is no file {name!r}. For an object of a module, name both, such as {name}:model.")
    return _from_object(name, _find_object(module, attribute), train)


def _from_file(name: str, path: Path, train: bool, modules: Sequence[str]) -> Subject:
    if path.suffix == ".onnx":
        if train:
            raise DumpError(f"{name} holds one finished graph; --train needs a model (.keras, .h5 or module:object).")
        try:
            model = onnx.load(path)
            onnx.checker.check_model(model)
        except Exception as error:  # protobuf, onnx and the file system each raise their own
            raise DumpError(f"{name} is not an ONNX model: {error}") from error
        return Subject(name, onnx_model=model)
    if path.suffix in MODEL_SUFFIXES:
        try:
            loaded = load_model(path, custom_objects=_callables_of(modules))
        except DumpError:
            raise
        except Exception as error:  # whatever is wrong with a file, its text is the answer
            hint = "" if modules else " (Classes of your own: --import their module.)"
            raise DumpError(f"{name} cannot be loaded: {error}{hint}") from error
        return _from_object(name, loaded, train)
    try:
        return Subject(name, graph=parse_graph(_graph_part(path.read_text(encoding="utf-8"))))
    except (ParseError, ValueError) as error:
        known = ", ".join((*MODEL_SUFFIXES, ".onnx"))
        raise DumpError(f"{name} is neither a model ({known}) nor the text of a graph. {error}") from error


def _graph_part(text: str) -> str:
    """The graph inside what this tool has written, below the summary."""
    lines = text.splitlines()
    starts = [number for number, line in enumerate(lines) if line.startswith("graph ")]
    return "\n".join(lines[starts[0] :]) if starts else text


def _callables_of(modules: Sequence[str]) -> dict[str, Any]:
    """The classes and functions that modules define, by name."""
    found: dict[str, Any] = {}
    for module in modules:
        members = vars(_imported(module)).items()
        found |= {name: member for name, member in members if getattr(member, "__module__", None) == module}
    return found


def _imported(module_name: str) -> Any:
    sys.path.insert(0, "")  # modules of the current folder, as with python -m
    try:
        return importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name is not None and (module_name == error.name or module_name.startswith(f"{error.name}.")):
            raise DumpError(f"There is no module {module_name!r} here or among what is installed.") from error
        raise
    finally:
        sys.path.remove("")


def _find_object(module_name: str, attribute: str) -> Any:
    found = _imported(module_name)
    for part in attribute.split("."):
        if not hasattr(found, part):
            near = difflib.get_close_matches(part, dir(found), 3)
            raise DumpError(f"{module_name} has no {attribute!r}." + (f" Near: {', '.join(near)}." if near else ""))
        found = getattr(found, part)
    return found


def _from_object(name: str, found: Any, train: bool) -> Subject:
    if callable(found) and not isinstance(found, (Model, StaticFunction, Graph)):
        found = _called(name, found)
    if isinstance(found, Model):
        return Subject(name, graph=training_graph(found) if train else _inference(found), model=found)
    if train:
        raise DumpError(f"{name} is a {type(found).__name__}; --train needs a model.")
    if isinstance(found, StaticFunction):
        if not found.signatures:
            raise DumpError(f"{name} has not been called yet, so nothing is traced: call or prepare(...) it in its module.")
        return Subject(name, graph=list(found.signatures.values())[-1].graph)
    if isinstance(found, Graph):
        return Subject(name, graph=found)
    raise DumpError(f"{name} is a {type(found).__name__}; it must be a Model, a Graph or a StaticFunction, or return one.")


def _called(name: str, function: Callable[[], Any]) -> Any:
    try:
        inspect.signature(function).bind()
    except TypeError as error:
        raise DumpError(f"{name} is called without arguments, but: {error}.") from error
    except ValueError:  # a function of C has no signature
        raise DumpError(f"{name} is no model and no function that builds one.") from None
    return function()


def _inference(model: Model) -> Graph:
    try:
        return inference_graph(model)[0]
    except ValueError as error:
        if not model.built:
            raise DumpError(
                f"The model {model.name!r} has not been built: the shapes of its inputs are not known. Call it on data once "
                "in its module, or give its first layer an input shape."
            ) from error
        raise DumpError(str(error)) from error


# ---- the training step ---------------------------------------------------------------------------------------------------


def training_graph(model: Model) -> Graph:
    """The model's training step: as it was run last, else for made-up data of the shapes that the model and its loss take.

    Raises:
        DumpError: for a model that is not compiled, or whose inputs are not known.
    """
    if not model.compiled:
        raise DumpError(f"The model {model.name!r} is not compiled: --train needs model.compile(optimizer=..., loss=...).")
    function = model.make_train_function()
    if function.signatures:
        return list(function.signatures.values())[-1].graph
    inference = _inference(model)
    inputs = getattr(model, "input", None)
    if inputs is None:
        inputs = _alone([value.type for value in inference.inputs])
    x, y = tree.map_structure(_zeros, inputs), _targets(model, [value.type for value in inference.outputs])
    try:
        return function.trace((x, y))[0]
    except (TypeError, ValueError) as error:
        raise DumpError(
            f"The training step of {model.name!r} could not be traced for made-up targets: {error} "
            "Name an object that has been trained for one step instead: its step is shown as it ran."
        ) from error


def _zeros(tensor: Any) -> Array:
    return np.zeros([dim if isinstance(dim, int) else 1 for dim in tensor.shape], numpy_dtype(tensor.dtype))


def _alone(items: list[Any]) -> Any:
    return items[0] if len(items) == 1 else items


def _targets(model: Model, outputs: list[TensorType]) -> Any:
    """Zeros for targets: class numbers where a loss is called sparse, else numbers in the shape of the output."""
    names = list(getattr(model, "output_names", None) or ())
    losses = model.loss
    if isinstance(losses, dict):
        each = [losses.get(name) for name in names]
    elif isinstance(losses, (list, tuple)):
        each = list(losses)
    else:
        each = [losses] * len(outputs)
    targets = [_target(output, loss) for output, loss in zip(outputs, each)]
    if isinstance(losses, dict):
        return dict(zip(names, targets))
    return _alone(targets)


def _target(output: Any, loss: Any) -> Array:
    label = loss if isinstance(loss, str) else getattr(loss, "name", getattr(loss, "__name__", ""))
    zeros = _zeros(output)
    return zeros[..., 0].astype(np.int32) if "sparse" in str(label).lower() and zeros.ndim > 1 else zeros
