"""Weights in several files: `NAME.weights.json` says which of `NAME_00000.weights.h5`, `NAME_00001.weights.h5`, ... holds what.

The shards together have the layout of one `.weights.h5` file. The map is replaced last, when every shard is complete.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import h5py

from .containers import new_hdf5, open_hdf5
from .files import replacing
from .weights_h5 import write_weights

SUFFIX = ".weights.json"
_GB = 1024**3

#: The datasets of one shard.
Shard = list[h5py.Dataset]


# ---- writing ----------------------------------------------------------------------------------------------------------


def save_sharded(model: Any, path: Path, max_shard_size: float) -> None:
    """Write the weights of `model` as the map `path` and the shards beside it, each of at most `max_shard_size` GB.

    Raises:
        ValueError: if one variable alone is larger than that.
    """
    if not max_shard_size > 0:
        raise ValueError(f"max_shard_size is a number of GB above 0, got {max_shard_size!r}.")
    former = set(_shards_named(path))
    with new_hdf5() as (file, _), ExitStack() as files:
        write_weights(model, file)
        shards = _split(_datasets(file), max_shard_size * _GB)
        map_file = files.enter_context(replacing(path))  # entered first, so it takes its place last
        weight_map: dict[str, str | list[str]] = {}
        for k, shard in enumerate(shards):
            name = f"{path.name.removesuffix(SUFFIX)}_{k:05}.weights.h5"
            former.discard(name)
            files.enter_context(replacing(path.with_name(name))).write_bytes(_shard_bytes(shard))
            for dataset in shard:
                _add_to_map(weight_map, dataset.parent.name, name)
        total = sum(dataset.nbytes for shard in shards for dataset in shard)
        map_file.write_text(json.dumps({"metadata": {"total_size": total}, "weight_map": weight_map}, indent=4))
    for name in former:
        path.with_name(name).unlink(missing_ok=True)


def _datasets(file: h5py.File) -> Shard:
    found: Shard = []
    file.visititems(lambda _, item: found.append(item) if isinstance(item, h5py.Dataset) else None)
    return found


def _split(datasets: Shard, limit: float) -> list[Shard]:
    """The datasets in order, in as few groups of at most `limit` bytes as that allows."""
    shards: list[Shard] = [[]]
    size = 0
    for dataset in datasets:
        if dataset.nbytes > limit:
            raise ValueError(
                f"The variable stored at {dataset.name} has {dataset.nbytes:,} bytes, more than a shard of max_shard_size="
                f"{limit / _GB:g} GB ({int(limit):,} bytes) may have. Give a larger max_shard_size."
            )
        size += dataset.nbytes
        if size > limit:
            shards.append([])
            size = dataset.nbytes
        shards[-1].append(dataset)
    return shards


def _shard_bytes(shard: Shard) -> memoryview:
    with new_hdf5() as (file, content):
        for dataset in shard:
            _copy(dataset, file)
    return content.getbuffer()


def _copy(dataset: h5py.Dataset, file: h5py.File) -> None:
    group = file.require_group(dataset.parent.name)
    for key, value in dataset.parent.attrs.items():
        group.attrs[key] = value
    dataset.parent.copy(dataset, group, name=dataset.name.split("/")[-1])


def _add_to_map(weight_map: dict[str, str | list[str]], path: str, name: str) -> None:
    """As Keras writes it: the shard's name, or a list if a layer's variables are in several shards."""
    seen = weight_map.get(path)
    if seen is None:
        weight_map[path] = name
    elif isinstance(seen, str):
        weight_map[path] = seen if seen == name else [seen, name]
    elif name not in seen:
        seen.append(name)


# ---- reading ----------------------------------------------------------------------------------------------------------


@contextmanager
def open_sharded(path: Path) -> Iterator[h5py.File]:
    """The shards of the map `path`, put together as one file in memory.

    Raises:
        FileNotFoundError: if the map or one of its shards is missing.
        ValueError: if the map is not readable or names files outside of its folder.
    """
    names = shard_names(path)
    missing = [name for name in names if not path.with_name(name).is_file()]
    if missing:
        raise FileNotFoundError(
            f"{path} names {len(names)} files of weights; missing beside it: {', '.join(missing)}. Copy them there too."
        )
    with new_hdf5() as (file, _):
        for name in names:
            with open_hdf5(path.with_name(name)) as shard:
                for dataset in _datasets(shard):
                    if dataset.name in file:
                        raise ValueError(f"{path}: {dataset.name} is in several shards, {name} is one. Save the weights again.")
                    _copy(dataset, file)
        yield file


def shard_names(path: str | os.PathLike[str]) -> list[str]:
    """The names of the files that a map lists.

    Raises:
        FileNotFoundError: if there is no such map.
        ValueError: if it is no map of shards, or names a file that is not beside it.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"There is no file {path}.")
    try:
        entries = json.loads(path.read_text())["weight_map"].values()
        names = {name for entry in entries for name in ([entry] if isinstance(entry, str) else entry)}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{path} is not a map of sharded weights, as save_weights with max_shard_size writes it.") from error
    for name in names:
        if not isinstance(name, str) or Path(name).name != name or "\\" in name:
            raise ValueError(f"{path} names the file {name!r}; shards must lie beside their map.")
    return sorted(names)


def _shards_named(path: Path) -> list[str]:
    """The shards of an earlier save under the same name, which a new one replaces."""
    start = path.name.removesuffix(SUFFIX) + "_"
    try:
        return [name for name in shard_names(path) if name.startswith(start) and name.endswith(".weights.h5")]
    except (FileNotFoundError, ValueError):
        return []
