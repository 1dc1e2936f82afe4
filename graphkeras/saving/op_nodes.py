"""Operations in the layer list of a functional model: ``x + y`` is an entry of its own, as in Keras's files.

The functional model asks `encode_op` for the entry of a recorded call, and `decode_op` for the function of an entry.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .namespaces import namespace
from .op_classes import BY_CLASS, BY_FUNCTION, OpClass, class_name_of

#: The module of operations that Keras does not have; those of them that are functions of `graphkeras` itself.
_OWN_MODULE = "graphkeras.ops"
_OUTSIDE_OPS = ("gradients",)


def encode_op(
    function_name: str, args: Sequence[Any], kwargs: Mapping[str, Any], name: str
) -> tuple[dict[str, Any], tuple[Any, ...], dict[str, Any]]:
    """A recorded call of ``graphkeras.ops.<function_name>`` as ``(entry, call_args, call_kwargs)``.

    The entry has ``module``, ``class_name``, ``config`` and ``registered_name``. Arguments that Keras keeps in the config
    are there; the others, among them all tensors, are returned as they came.
    """
    op = BY_FUNCTION.get(function_name) or OpClass(_OWN_MODULE, class_name_of(function_name), function_name, ())
    bound = inspect.signature(_function(function_name)).bind(*args, **kwargs)
    static = {key: value for key, value in bound.arguments.items() if key in op.static}
    for key in static:
        del bound.arguments[key]
    call_args, call_kwargs = _call_arguments(bound, bool(static))
    entry = {
        "module": op.module,
        "class_name": op.class_name,
        "config": {"name": name, **static},
        "registered_name": op.class_name,
    }
    return entry, call_args, call_kwargs


def _call_arguments(bound: inspect.BoundArguments, some_removed: bool) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The arguments that stay in the call, positional where they were.

    `BoundArguments.args` stops at the first missing argument, so after a removal they are put together by hand.
    """
    if not some_removed:
        return bound.args, bound.kwargs
    args: list[Any] = []
    kwargs: dict[str, Any] = {}
    for key, value in bound.arguments.items():
        kind = bound.signature.parameters[key].kind
        if kind is inspect.Parameter.VAR_POSITIONAL:
            args.extend(value)
        elif kind is inspect.Parameter.VAR_KEYWORD:
            kwargs.update(value)
        elif kind is inspect.Parameter.KEYWORD_ONLY:
            kwargs[key] = value
        else:
            args.append(value)
    return tuple(args), kwargs


def is_op_entry(entry: Mapping[str, Any]) -> bool:
    """Whether an entry of a layer list is an operation and not a layer.

    An .h5 file leaves out modules: there, an entry without the settings that all layers have is an operation.
    """
    module = entry.get("module")
    if module is None:
        config = entry.get("config")
        plain = isinstance(config, Mapping) and "name" in config and not {"trainable", "dtype", "batch_shape"} & set(config)
        return plain and entry.get("class_name") in BY_CLASS and "inbound_nodes" in entry
    return str(module).startswith(("keras.src.ops", _OWN_MODULE))


def decode_op(entry: Mapping[str, Any]) -> Callable[..., Any]:
    """The function of an entry: takes the arguments of the call, knows those of the config.

    Raises:
        ValueError: for an operation that graphkeras does not have.
    """
    class_name = entry["class_name"]
    op = BY_CLASS.get(class_name)
    names = (*namespace("ops"), *_OUTSIDE_OPS)
    function_name = op.function if op else next((name for name in names if class_name_of(name) == class_name), class_name)
    function = _function(function_name)
    static = {key: value for key, value in entry["config"].items() if key not in ("name", "dtype")}
    if op is not None and "dtype" in op.static and "dtype" in entry["config"]:
        static["dtype"] = entry["config"]["dtype"]
    parameters = inspect.signature(function).parameters
    unknown = sorted(set(static) - set(parameters))
    if unknown:
        raise ValueError(
            f"The file's operation {class_name} has the setting {unknown[0]!r}, which graphkeras.ops.{function_name} does not "
            f"have; it takes {', '.join(parameters)}."
        )
    open_names = [key for key in parameters if key not in static]
    variadic = next((key for key, p in parameters.items() if p.kind is inspect.Parameter.VAR_POSITIONAL), None)

    def call(*args: Any, **kwargs: Any) -> Any:
        if function_name == "get_item" and len(args) > 1 and isinstance(args[1], list):
            args = (args[0], tuple(args[1]), *args[2:])  # JSON has no tuples, and x[[0, 1]] means something else
        if variadic is not None:
            leading = [key for key in list(parameters)[: list(parameters).index(variadic)] if key in static]
            rest = {key: value for key, value in static.items() if key not in leading}
            return function(*(static[key] for key in leading), *args, **rest, **kwargs)
        if len(args) > len(open_names):
            raise TypeError(f"{function_name} takes {len(open_names)} tensors, got {len(args)}.")
        return function(**dict(zip(open_names, args)), **static, **kwargs)

    call.__name__ = function_name
    return call


def _function(name: str) -> Callable[..., Any]:
    function = namespace("" if name in _OUTSIDE_OPS else "ops").get(name) or namespace("ops.image").get(name)
    if function is None:
        raise ValueError(
            f"The model uses the operation {name!r}, which this version of graphkeras.ops does not have. "
            "Write the model with the operations of graphkeras.ops, or put your own code into a custom layer."
        )
    return function  # type: ignore[no-any-return]
