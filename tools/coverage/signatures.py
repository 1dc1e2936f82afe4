"""How our signature of a function differs from Keras's: names, order, kinds and defaults of parameters, not annotations."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable
from typing import Any

Parameters = dict[str, str]  # name, with its stars -> default as text, "" for none


def parameters(signature: str) -> Parameters:
    """The parameters of a signature given as text; annotations are ignored.

    Raises:
        ValueError: for text that is no signature.
    """
    try:
        definition = ast.parse(f"def f{signature}: pass").body[0]
    except SyntaxError as error:
        raise ValueError(f"{signature!r} is no signature: {error.msg}.") from None
    assert isinstance(definition, ast.FunctionDef)
    arguments = definition.args
    found: Parameters = {}
    plain = [*arguments.posonlyargs, *arguments.args]
    defaults = [None] * (len(plain) - len(arguments.defaults)) + list(arguments.defaults)
    for argument, default in zip(plain, defaults):
        found[argument.arg] = _text(default)
    if arguments.vararg:
        found[f"*{arguments.vararg.arg}"] = ""
    elif arguments.kwonlyargs:
        found["*"] = ""
    for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults):
        found[argument.arg] = _text(default)
    if arguments.kwarg:
        found[f"**{arguments.kwarg.arg}"] = ""
    return found


def _text(default: ast.expr | None) -> str:
    return "" if default is None else ast.unparse(default)


def parameters_of(function: Callable[..., Any]) -> Parameters:
    """The parameters of a function, or of what makes an object of a class: `__new__` may take anything to remember it."""
    maker = function
    if isinstance(function, type) and not hasattr(function, "__signature__"):
        own = inspect.getattr_static(function, "__init__")
        maker = own if inspect.isfunction(own) else function
    kept = [
        parameter.replace(annotation=inspect.Parameter.empty)
        for parameter in inspect.signature(maker).parameters.values()
        if parameter.name != "self"
    ]
    return parameters(str(inspect.Signature(kept)))


#: What `inspect` says of a class that takes anything; its real parameters are not known.
UNKNOWN = "(/, *args, **kwargs)"


def difference(function: Callable[..., Any], theirs: str) -> str:
    """What a caller would notice: `axis=None, Keras -1; no keepdims`. "" if every call of Keras's means the same here.

    Parameters that one side hides in `**kwargs` count as being there.
    """
    if theirs == UNKNOWN:
        return ""
    ours, keras = parameters_of(function), parameters(theirs)
    told = []
    if not _takes_any(ours):
        told += [f"no {name}" for name in keras if name not in ours and not name.startswith("**")]
    if not _takes_any(keras):
        told += [f"own {name}" for name in ours if name not in keras and not name.startswith("**")]
    told += [
        f"{name}={ours[name] or 'required'}, Keras {keras[name] or 'required'}"
        for name in keras
        if name in ours and ours[name] != keras[name]
    ]
    shared = [name for name in ours if name in keras]
    if shared != [name for name in keras if name in ours]:
        told.append(f"order {', '.join(shared)}")
    return "; ".join(told)


def _takes_any(found: Parameters) -> bool:
    return any(name.startswith("**") for name in found)
