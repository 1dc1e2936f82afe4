"""Assets: files that layers keep beside their weights, such as vocabularies, in a `.keras` archive or folder.

A layer with assets has the methods `save_assets(folder)` and `load_assets(folder)`, as in Keras. Its files lie in
``assets/<path>/``, where the path is that of its weights (see `walk.py`): ``assets/layers/string_lookup/vocabulary.txt``.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any

from .walk import layers_of

FOLDER = "assets"


def collected(model: Any) -> dict[str, bytes]:
    """The contents of all assets by their names in the archive."""
    members: dict[str, bytes] = {}
    for path, layer in layers_of(model):
        if not hasattr(layer, "save_assets"):
            continue
        with TemporaryDirectory() as folder:
            layer.save_assets(folder)
            for file in sorted(Path(folder).rglob("*")):
                if file.is_file():
                    members["/".join(filter(None, (FOLDER, path, file.relative_to(folder).as_posix())))] = file.read_bytes()
    return members


def give(model: Any, names: Sequence[str], read: Callable[[str], bytes], where: str | os.PathLike[str]) -> None:
    """Let the layers load their assets.

    Args:
        names: of the members of the archive.
        read: the content of a member.
        where: the archive, for messages.

    Raises:
        ValueError: for a name that leads out of the folder of assets.
    """
    found = [name for name in names if name.startswith(f"{FOLDER}/") and not name.endswith("/")]
    if not found:
        return
    with TemporaryDirectory() as folder:
        for name in found:
            parts = PurePosixPath(name).parts
            if ".." in parts or "\\" in name or ":" in name:
                raise ValueError(f"{where}: the asset {name!r} leads out of its folder; refused.")
            file = Path(folder, *parts[1:])
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(read(name))
        for path, layer in layers_of(model):
            own = Path(folder, path)
            if hasattr(layer, "load_assets") and own.is_dir():
                layer.load_assets(str(own))
