"""Compiled kernels on disk. Each has a folder of its own, named by its key, whose files can be opened and compared.

A folder appears whole or not at all: it is written beside its place and renamed into it. What does not fit its own
checksum is thrown away and compiled again, so a crash or a full disk costs time and nothing else.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

from .artifact import Artifact

SOURCE, CUBIN, PTX, DESCRIPTION = "kernel.py", "kernel.cubin", "kernel.ptx", "artifact.json"


class ArtifactStore:
    """Artifacts by key in the folder `root`, which is made when something is first put there.

    Many threads and processes may use one folder at the same time.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def folder(self, key: str) -> Path:
        return self.root / key[:2] / key

    def get(self, key: str) -> Artifact | None:
        """The artifact, or None if there is none or it is damaged."""
        folder = self.folder(key)
        try:
            fields: dict[str, Any] = json.loads((folder / DESCRIPTION).read_text())
            cubin, ptx = (folder / CUBIN).read_bytes(), (folder / PTX).read_text()
            if fields["sha256"] != _digest(cubin, ptx):
                return None
            return Artifact(
                name=fields["name"],
                capability=fields["capability"],
                types=tuple(fields["types"]),
                threads=fields["threads"],
                shared_bytes=fields["shared_bytes"],
                cubin=cubin,
                ptx=ptx,
            )
        except (OSError, ValueError, KeyError, TypeError):  # absent, cut short, or not ours: all mean compiling it again
            return None

    def put(self, key: str, artifact: Artifact, source: str) -> None:
        """Keep `artifact`; `source` is for people who look into the folder.

        Raises:
            OSError: if the folder cannot be written; says which setting chooses another.
        """
        try:
            self._put(key, artifact, source)
        except OSError as error:
            raise OSError(
                error.errno,
                f"Cannot keep the compiled kernel {artifact.name} in {self.root} ({error.strerror or error}). "
                "Make room or set GRAPHKERAS_CACHE to a folder that can be written",
            ) from error

    def _put(self, key: str, artifact: Artifact, source: str) -> None:
        place = self.folder(key)
        place.parent.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(prefix=f".{key}.", dir=place.parent))
        try:
            (fresh / SOURCE).write_text(source)
            (fresh / CUBIN).write_bytes(artifact.cubin)
            (fresh / PTX).write_text(artifact.ptx)
            (fresh / DESCRIPTION).write_text(json.dumps(_fields(artifact), indent=2) + "\n")
            self._move_into_place(fresh, key)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)

    def _move_into_place(self, fresh: Path, key: str) -> None:
        place = self.folder(key)
        for _ in range(3):
            try:
                fresh.rename(place)
            except OSError:
                if not place.exists():
                    raise
                if self.get(key) is not None:  # somebody else was faster, with the same contents
                    return
                aside = Path(tempfile.mkdtemp(prefix=f".{key}.damaged.", dir=place.parent))
                place.rename(aside / key)
                shutil.rmtree(aside, ignore_errors=True)
            else:
                return
        raise OSError(f"Cannot replace the damaged folder {place}. Remove it by hand.")


def _fields(artifact: Artifact) -> dict[str, Any]:
    return {
        "name": artifact.name,
        "capability": artifact.capability,
        "types": list(artifact.types),
        "threads": artifact.threads,
        "shared_bytes": artifact.shared_bytes,
        "sha256": _digest(artifact.cubin, artifact.ptx),
    }


def _digest(cubin: bytes, ptx: str) -> str:
    return hashlib.sha256(cubin + b"\0" + ptx.encode()).hexdigest()
