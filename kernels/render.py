"""Templates -> kernel source: readable Python files whose marked lines are replaced by the lines that the lowering wrote."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

_TEMPLATES = Path(__file__).parent / "templates"
_MARKER = re.compile(r"^( *)# <(\w+)>$", re.MULTILINE)
_LANGUAGE, _LIBDEVICE = "import triton.language as tl\n", "from triton.language.extra import libdevice\n"


def render(
    template: str, name: str, pointers: Sequence[str], sections: Mapping[str, Sequence[str]], header: Sequence[str]
) -> str:
    """The source of a module that defines the kernel `name`.

    Args:
        template: name of a file in ``kernels/templates``, which is also the name of the function in it.
        name: of the function that comes out.
        pointers: its pointer parameters, in order; they take the place of ``pointers``.
        sections: the lines for each marker ``# <section>``, without indentation.
        header: lines of the comment at the top.

    Raises:
        KeyError: when the template has a marker that `sections` lacks, or the other way around.
    """
    text = _text(template)
    markers = {match.group(2) for match in _MARKER.finditer(text)}
    if markers != set(sections):
        raise KeyError(f"The template {template} has the sections {sorted(markers)}, got {sorted(sections)}.")

    def replaced(match: re.Match[str]) -> str:
        indent, section = match.groups()
        return "\n".join(indent + line if line else "" for line in sections[section])

    text = _with_signature(text, template, name, pointers)
    body = _without_unused(_MARKER.sub(replaced, text), name)
    if "libdevice." in body:
        body = body.replace(_LANGUAGE, _LANGUAGE + _LIBDEVICE, 1)
    return "\n".join([*(f"# {line}".rstrip() for line in header), "", body])


def _with_signature(text: str, template: str, name: str, pointers: Sequence[str]) -> str:
    """The function under its own name, with its pointers on one line and its constants on another."""
    match = re.search(rf"^def {template}\((.*?)\):$", text, re.MULTILINE | re.DOTALL)
    if match is None:
        raise ValueError(f"The template {template} has no function {template}.")
    parameters = [parameter.strip() for parameter in match.group(1).split(",") if parameter.strip()]
    plain = [*pointers, *(parameter for parameter in parameters if ":" not in parameter and parameter != "pointers")]
    constants = [parameter for parameter in parameters if ":" in parameter]
    lines = [line for group in (plain, constants) if group for line in _wrapped(group)]
    return text.replace(match.group(0), "\n".join([f"def {name}(", *lines, "):"]))


def _wrapped(parameters: Sequence[str]) -> list[str]:
    """Parameters on lines that are not too long."""
    wrapper = textwrap.TextWrapper(120, initial_indent="    ", subsequent_indent="    ", break_on_hyphens=False)
    text = ", ".join(parameter.replace(" ", "\0") for parameter in parameters) + ","
    return [line.replace("\0", " ") for line in wrapper.wrap(text)]


def _without_unused(text: str, name: str) -> str:
    """Leave out helper functions, and lines marked ``# if used``, whose names occur nowhere else."""
    for helper in re.findall(r"^@triton\.jit\ndef (\w+)\(.*?\n\n\n", text, re.MULTILINE | re.DOTALL):
        if helper != name and len(re.findall(rf"\b{helper}\b", text)) == 1:
            text = re.sub(rf"@triton\.jit\ndef {helper}\(.*?\n\n\n", "", text, count=1, flags=re.DOTALL)
    for line, target in re.findall(r"^( *(\w+) = .*)  # if used\n", text, re.MULTILINE):
        used = len(re.findall(rf"\b{target}\b", text)) > len(re.findall(rf"^ *{target} = .*  # if used$", text, re.MULTILINE))
        text = text.replace(f"{line}  # if used\n", f"{line}\n" if used else "")
    return text


@cache
def _text(template: str) -> str:
    """The template without what is for readers of the file only: the module's docstring and comments for type checkers."""
    text = (_TEMPLATES / f"{template}.py").read_text()
    start = text.index("import triton")
    return re.sub(r"  # type: ignore.*", "", text[start:])
