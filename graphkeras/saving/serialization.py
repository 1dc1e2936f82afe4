"""Objects to JSON and back, in the encoding of Keras 3.

An object is written as ``{"module", "class_name", "config", "registered_name"}``. Reading looks the class up by name and
calls its `from_config`; it imports nothing and runs no code from the file (see `lambda_code.py` for the one exception,
which must be asked for).
"""

from __future__ import annotations

import difflib
import inspect
import types
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import ml_dtypes
import numpy as np

from . import lambda_code
from .namespaces import class_names, find_class, find_function, is_keras_module, public_module, public_name
from .object_registration import custom_object_scope, get_registered_name, get_registered_object
from .op_nodes import decode_op, is_op_entry

_SAFE_MODE: ContextVar[bool] = ContextVar("graphkeras_safe_mode", default=True)


# ---- writing ----------------------------------------------------------------------------------------------------------


def serialize_keras_object(obj: Any) -> Any:
    """`obj` as JSON-ready lists, dicts, strings and numbers.

    Objects need a `get_config` method; a tuple becomes a list; built-in functions become their names inside a small dict.

    Raises:
        TypeError: for an object that has no config.
    """
    if obj is None or isinstance(obj, (bool, int, float, str)):
        return obj
    if isinstance(obj, Mapping):
        return {str(key): serialize_keras_object(value) for key, value in obj.items()}
    if isinstance(obj, (list, tuple)):
        return [serialize_keras_object(item) for item in obj]
    if isinstance(obj, types.FunctionType) and obj.__name__ == "<lambda>":
        return {
            "class_name": "__lambda__",
            "config": {"value": lambda_code.dump(obj)},
            "module": "builtins",
            "registered_name": "lambda",
        }
    if callable(obj) and hasattr(obj, "__name__") and not inspect.isclass(obj) and not hasattr(obj, "get_config"):
        return {
            "module": "builtins",
            "class_name": "function",
            "config": get_registered_name(obj),
            "registered_name": "function",
        }
    plain = _serialize_plain(obj)
    return plain if plain is not None else _serialize_object(obj)


def _serialize_plain(obj: Any) -> Any:
    """Values that JSON has no word for."""
    if isinstance(obj, np.dtype):
        return obj.name
    if isinstance(obj, np.generic):
        return obj.item()
    if isinstance(obj, np.ndarray):
        return {"class_name": "__numpy__", "config": {"value": obj.tolist(), "dtype": obj.dtype.name}}
    if isinstance(obj, bytes):
        return {"class_name": "__bytes__", "config": {"value": obj.decode("utf-8")}}
    if isinstance(obj, slice):
        parts = {name: serialize_keras_object(getattr(obj, name)) for name in ("start", "stop", "step")}
        return {"class_name": "__slice__", "config": parts}
    if obj is Ellipsis:
        return {"class_name": "__ellipsis__", "config": {}}
    return None


def _serialize_object(obj: Any) -> dict[str, Any]:
    cls = type(obj)
    if inspect.isclass(obj) or not hasattr(obj, "get_config"):
        shown = f"the class {obj.__name__}" if inspect.isclass(obj) else f"{cls.__module__}.{cls.__name__} object {obj!r}"
        raise TypeError(
            f"Cannot save {shown}: it has no config. Give it get_config() (returning the arguments of its constructor as a "
            "dict) and from_config(config), or leave it out of the configs of your layers."
        )
    module = public_module(cls)
    registered = get_registered_name(cls)
    written: dict[str, Any] = {
        "module": module,
        "class_name": public_name(cls) if module else cls.__name__,
        "config": serialize_keras_object(obj.get_config()),
        "registered_name": (cls.__name__ if cls.__name__ == "Functional" else None) if module else registered,
    }
    for key in ("build_config", "compile_config"):
        getter = getattr(obj, f"get_{key}", None)
        extra = getter() if getter is not None else None
        if extra is not None:
            written[key] = serialize_keras_object(extra)
    return written


# ---- reading ----------------------------------------------------------------------------------------------------------


def deserialize_keras_object(
    config: Any,
    custom_objects: Mapping[str, Any] | None = None,
    safe_mode: bool = True,
    module_objects: Mapping[str, Any] | None = None,
) -> Any:
    """The object that `serialize_keras_object` wrote, also as Keras 2 and 3 wrote it.

    Args:
        config: what was written.
        custom_objects: your own classes and functions by the name in the file.
        safe_mode: False lets the file bring Python code of lambda functions. Only for files that you trust.
        module_objects: further classes and functions that the caller allows by name.

    Raises:
        ValueError: for a name that means nothing here, listing what to do; for code in the file while `safe_mode` is True.
        TypeError: for a config that its class does not take.
    """
    with custom_object_scope(custom_objects or {}), _safe_mode(safe_mode):
        return _read(config, module_objects or {})


@contextmanager
def _safe_mode(value: bool) -> Iterator[None]:
    token = _SAFE_MODE.set(value and _SAFE_MODE.get())
    try:
        yield
    finally:
        _SAFE_MODE.reset(token)


def in_safe_mode() -> bool:
    """Whether configs may not bring Python code or name files to read."""
    return _SAFE_MODE.get()


def enable_unsafe_deserialization() -> None:
    """From here on, files may bring Python code, as with ``safe_mode=False`` everywhere."""
    _SAFE_MODE.set(False)


def _read(config: Any, module_objects: Mapping[str, Any]) -> Any:
    if isinstance(config, str):
        found = get_registered_object(config, None, module_objects)
        return config if found is None else found
    if isinstance(config, (list, tuple)):
        return [_read(item, module_objects) for item in config]
    if not isinstance(config, Mapping):
        return config
    if "class_name" not in config or "config" not in config:
        return {key: _read(value, module_objects) for key, value in config.items()}
    class_name, inner = config["class_name"], config["config"]
    if class_name in _SPECIAL:
        return _SPECIAL[class_name](inner)
    if class_name == "__keras_tensor__":
        return config  # the functional model that owns it resolves it
    if class_name == "function":
        return _find_function(inner, config.get("registered_name"), module_objects)
    if is_op_entry(config) and get_registered_object(class_name) is None:
        return decode_op(config)
    return _read_object(config, module_objects)


def _read_object(config: Mapping[str, Any], module_objects: Mapping[str, Any]) -> Any:
    cls = _find_class(config, module_objects)
    inner = config["config"]
    if not hasattr(cls, "from_config"):
        raise TypeError(f"{cls!r} cannot be read from a file: it has no from_config method. Add one to the class.")
    try:
        instance = cls.from_config(inner)
    except TypeError as error:
        raise TypeError(
            f"{config['class_name']} cannot be made from its config: {error}. The config is {inner}. If it is your own class, "
            "its get_config must return what its constructor takes."
        ) from error
    if config.get("build_config") and hasattr(instance, "build_from_config"):
        instance.build_from_config(config["build_config"])
    if config.get("compile_config") and hasattr(instance, "compile_from_config"):
        instance.compile_from_config(config["compile_config"])
    return instance


def _find_class(config: Mapping[str, Any], module_objects: Mapping[str, Any]) -> Any:
    module, class_name = config.get("module"), config["class_name"]
    registered = config.get("registered_name")
    for name in (registered, class_name):
        found = get_registered_object(name, None, module_objects) if name else None
        if found is not None:
            return found
    if module is None or is_keras_module(module):
        found = find_class(module, class_name)
        if found is not None and not (module is None and registered and ">" in registered):
            return found
    raise ValueError(_unknown_class(module, class_name, registered))


def _unknown_class(module: str | None, class_name: str, registered: str | None) -> str:
    name = registered if registered and ">" in registered else class_name
    custom = f"custom_objects={{{name!r}: {class_name}}}"
    if module is not None and is_keras_module(module):
        near = difflib.get_close_matches(class_name, sorted(set(class_names(module))), n=4)
        hint = f" Near names: {', '.join(near)}." if near else ""
        return (
            f"The file uses {class_name} of {module}, which this version of graphkeras does not have.{hint} "
            f"If you have a class that can take its place, pass {custom}."
        )
    if module is not None and module != "builtins":
        return (
            f"The file uses the class {class_name} of the module {module}. graphkeras imports no module that a file names. "
            f"Import the class yourself and pass it: {custom}, or register it with "
            "@graphkeras.saving.register_keras_serializable()."
        )
    return (
        f"The file uses {name}, which this version of graphkeras does not have and which is not registered. If it is a class "
        f"of your own, pass it: {custom}, or decorate it with @graphkeras.saving.register_keras_serializable() before loading."
    )


def _find_function(config: Any, registered: str | None, module_objects: Mapping[str, Any]) -> Any:
    name = config["name"] if isinstance(config, Mapping) else config
    for candidate in (name, registered):
        found = get_registered_object(candidate, None, module_objects) if candidate else None
        if found is not None:
            return found
    found = find_function(name)
    if found is None:
        raise ValueError(
            f"The file uses the function {name!r}, which is not a function of graphkeras and is not registered. Pass it: "
            f"custom_objects={{{name!r}: {name.split('>')[-1]}}}."
        )
    return found


def _read_lambda(config: Mapping[str, Any]) -> Any:
    if _SAFE_MODE.get():
        raise ValueError(
            "The file holds a Python lambda: loading it would run code from the file. If you trust its author, load it with "
            "safe_mode=False; better, replace the lambda by a named function and pass that as a custom object."
        )
    parts = [config.get(name) for name in ("code", "defaults", "closure")]  # as some versions of Keras 3 write it
    return lambda_code.load(config.get("value", parts))


def _read_array(config: Mapping[str, Any]) -> Any:
    dtype = ml_dtypes.bfloat16 if config["dtype"] == "bfloat16" else config["dtype"]
    return np.array(config["value"], dtype=dtype)


_SPECIAL = {
    "__numpy__": _read_array,
    "__tensor__": _read_array,
    "__bytes__": lambda config: config["value"].encode("utf-8"),
    "__slice__": lambda config: slice(*(_read(config[name], {}) for name in ("start", "stop", "step"))),
    "__ellipsis__": lambda config: Ellipsis,
    "__lambda__": _read_lambda,
}
