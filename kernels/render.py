"""Templates -> kernel source: readable Python files whose marked lines are replaced by the lines that the lowering wrote."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

_TEMPLATES = Path(__file__).parent / "templates"
_MARKER = re.compile(r"^( *)# <(\w+)>$", re.MULTILINE)


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

    listed = "".join(f"{pointer}, " for pointer in pointers)
    text = re.sub(rf"def {template}\(\s*pointers,\s*", f"def {name}({listed}", text, count=1)
    body = _MARKER.sub(replaced, text)
    return "\n".join([*(f"# {line}".rstrip() for line in header), "", body])


@cache
def _text(template: str) -> str:
    """The template without what is for readers of the file only: the module's docstring and comments for type checkers."""
    text = (_TEMPLATES / f"{template}.py").read_text()
    start = text.index("import triton")
    return re.sub(r"  # type: ignore.*", "", text[start:])
