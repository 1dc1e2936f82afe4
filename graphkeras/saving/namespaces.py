"""The public names of graphkeras as files spell them: ``graphkeras.layers.Dense`` is ``keras.layers`` / ``Dense``.

Only what these namespaces show can be named by a file; nothing else is ever imported because a file asks for it.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, TypeGuard

#: Where the classes of saved objects are public, in the order in which they are searched.
CLASS_NAMESPACES = (
    "layers",
    "initializers",
    "regularizers",
    "constraints",
    "optimizers",
    "optimizers.schedules",
    "losses",
    "metrics",
    "models",
    "callbacks",
    "random",
    "applications.convnext",
    "applications.inception_resnet_v2",
    "",
)
FUNCTION_NAMESPACES = ("activations", "losses", "metrics", "initializers", "regularizers", "ops", "backend")

#: Classes that Keras files spell in a way of their own.
_WRITTEN_AS = {
    "Functional": "keras.src.models.functional",
    "LayerScale": "keras.src.applications.convnext",
    "CustomScaleLayer": "keras.src.applications.inception_resnet_v2",
}
#: Classes that Keras files place in plain ``keras``.
_TOP_LEVEL = frozenset({"Sequential", "Model", "Layer", "DTypePolicy"})
#: First words of module paths that mean Keras: any version of it wrote them at some time.
_KERAS_ROOTS = ("keras", "tf_keras", "tensorflow.keras", "tensorflow.python.keras", "tf.keras", "graphkeras")


@cache
def namespace(name: str) -> Mapping[str, Any]:
    """What ``graphkeras.<name>`` shows (a live view); empty if there is no such namespace."""
    module = f"graphkeras.{name}" if name else "graphkeras"
    if importlib.util.find_spec(module) is None:
        return {}
    return vars(importlib.import_module(module))


def is_keras_module(module: str) -> bool:
    return any(module == root or module.startswith(f"{root}.") for root in _KERAS_ROOTS)


def public_name(cls: type) -> str:
    """The name that a class is written with."""
    return "GroupQueryAttention" if cls.__name__ == "GroupedQueryAttention" else cls.__name__


def public_module(cls: type) -> str | None:
    """The Keras module that a built-in class is written with, or None if it is not one of ours."""
    if not cls.__module__.startswith("graphkeras."):
        return None
    if cls.__name__ in _WRITTEN_AS:
        return _WRITTEN_AS[cls.__name__]
    if cls.__name__ in _TOP_LEVEL:
        return "keras"
    for name in CLASS_NAMESPACES:
        if namespace(name).get(public_name(cls)) is cls:
            return f"keras.{name}" if name else "keras"
    return None


def find_class(module: str | None, class_name: str) -> type | None:
    """The built-in class that a file means, or None.

    `module` is a hint only, since Keras moved its modules many times: ``keras.layers``, ``keras.src.layers.core.dense`` and
    ``tensorflow.keras.layers`` all mean the namespace ``layers``.
    """
    words = (module or "").split(".")
    hinted = [name for name in CLASS_NAMESPACES if name and all(word in words for word in name.split("."))]
    hinted.sort(key=len, reverse=True)
    if class_name == "Functional":
        hinted = ["models.functional"]
    for name in (*hinted, *(CLASS_NAMESPACES if not hinted or module is None else ("models", ""))):
        found = namespace(name).get(class_name)
        if _is_saved_class(found):
            return found
    return None


def find_function(name: str) -> Any:
    """The built-in function that a file means by a bare name, or None."""
    for space in FUNCTION_NAMESPACES:
        found = namespace(space).get(name)
        if callable(found) and not inspect.isclass(found) and _is_ours(found):
            return found
    return None


def class_names(module: str | None) -> Iterator[str]:
    """Names of all built-in classes that `module` may mean, for error messages."""
    words = (module or "").split(".")
    for name in CLASS_NAMESPACES:
        if name and (module is None or all(word in words for word in name.split("."))):
            yield from (key for key, value in namespace(name).items() if _is_saved_class(value) and not key.startswith("_"))


def _is_ours(found: Any) -> bool:
    return str(getattr(found, "__module__", "")).startswith("graphkeras.")


def _is_saved_class(found: Any) -> TypeGuard[type]:
    return inspect.isclass(found) and _is_ours(found) and hasattr(found, "from_config")
