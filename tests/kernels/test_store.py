"""Compiled kernels are kept on disk; a damaged one is made again, and writers do not disturb each other."""

import json
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("triton", reason="triton is the compiler")

from graphkeras.kernels import build
from graphkeras.kernels.artifact import Artifact, artifact_key
from graphkeras.kernels.build import compile_kernels, kernel_key
from graphkeras.kernels.store import ArtifactStore
from tests.kernels.example_programs import ADD, DECAY

ARTIFACT = Artifact("add", 90, ("*fp32", "i32"), 128, 1024, b"\x7fELF machine code", "// assembly")


@pytest.fixture
def store(tmp_path):
    return ArtifactStore(tmp_path / "kernels")


def test_what_is_put_there_is_got_back(store):
    assert store.get("ab12") is None
    store.put("ab12", ARTIFACT, "source")
    assert store.get("ab12") == ARTIFACT
    assert sorted(path.name for path in store.folder("ab12").iterdir()) == [
        "artifact.json",
        "kernel.cubin",
        "kernel.ptx",
        "kernel.py",
    ]
    assert (store.folder("ab12") / "kernel.py").read_text() == "source"
    assert [path.name for path in store.folder("ab12").parent.iterdir()] == ["ab12"]


@pytest.mark.parametrize("name", ["artifact.json", "kernel.cubin", "kernel.ptx"])
@pytest.mark.parametrize("damage", ["cut", "removed", "foreign"])
def test_damage_is_found_and_repaired(store, name, damage):
    store.put("ab12", ARTIFACT, "source")
    path = store.folder("ab12") / name
    if damage == "cut":
        path.write_bytes(path.read_bytes()[:-3])
    elif damage == "removed":
        path.unlink()
    else:
        path.write_bytes(b'{"name": 3}')
    assert store.get("ab12") is None
    store.put("ab12", ARTIFACT, "source")
    assert store.get("ab12") == ARTIFACT
    assert [path.name for path in store.folder("ab12").parent.iterdir()] == ["ab12"]


def test_many_writers_of_one_key(store):
    store.put("ab12", ARTIFACT, "source")
    (store.folder("ab12") / "kernel.cubin").write_bytes(b"damaged")
    failures = []

    def write():
        try:
            for _ in range(10):
                store.put("ab12", ARTIFACT, "source")
        except BaseException as error:  # told to the main thread below
            failures.append(error)

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert store.get("ab12") == ARTIFACT
    assert [path.name for path in store.folder("ab12").parent.iterdir()] == ["ab12"]


def test_a_folder_that_cannot_be_written_is_an_error(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OSError, match=r"kernel add in .*file .* set GRAPHKERAS_CACHE to a folder"):
        ArtifactStore(tmp_path / "file").put("ab12", ARTIFACT, "source")


def test_without_triton_the_error_says_what_to_install(monkeypatch):
    def absent(name):
        raise build.importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(build.importlib.metadata, "version", absent)
    build._triton_version.cache_clear()
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'graphkeras\[gpu\]'"):
        kernel_key(ADD, 90)


def test_a_full_store_needs_neither_compiler_nor_triton(store):
    first = compile_kernels([ADD, DECAY, ADD], 90, store)
    assert set(first) == {kernel_key(ADD, 90), kernel_key(DECAY, 90)}
    code = (
        "import sys\nfrom pathlib import Path\nfrom tests.kernels.example_programs import ADD, DECAY\n"
        "from graphkeras.kernels.build import compile_kernels\nfrom graphkeras.kernels.store import ArtifactStore\n"
        f"artifacts = compile_kernels([ADD, DECAY], 90, ArtifactStore(Path({str(store.root)!r})))\n"
        "assert 'triton' not in sys.modules\nprint(sum(len(artifact.cubin) for artifact in artifacts.values()))"
    )
    root = Path(build.__file__).resolve().parents[1]
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, cwd=root)
    assert done.stderr == ""
    assert int(done.stdout) == sum(len(artifact.cubin) for artifact in first.values())


def test_a_hit_is_what_is_on_disk(store):
    key = kernel_key(ADD, 90)
    store.put(key, ARTIFACT, "source")
    assert compile_kernels([ADD], 90, store) == {key: ARTIFACT}
    (store.folder(key) / "artifact.json").write_text("{")
    rebuilt = compile_kernels([ADD], 90, store)[key]
    assert rebuilt.types == ("*fp32", "*fp32", "*fp32", "i32")
    assert store.get(key) == rebuilt
    assert json.loads((store.folder(key) / "artifact.json").read_text())["name"] == "add"


@pytest.mark.parametrize(
    "change",
    [
        {"source": ADD.source + "\n"},
        {"signature": {**ADD.signature, "size": "i64"}},
        {"constants": {"BLOCK": 128}},
        {"constants": {"BLOCK": 256.0}},
        {"num_warps": 8},
        {"num_stages": 2},
        {"aligned": frozenset({"x"})},
        {"fast_math": False},
    ],
)
def test_all_that_matters_is_in_the_key(change):
    assert artifact_key(replace(ADD, **change), 90, "3.6.0") != artifact_key(ADD, 90, "3.6.0")


def test_the_key_knows_the_capability_and_the_compiler():
    assert len({artifact_key(ADD, 90, "3.6.0"), artifact_key(ADD, 80, "3.6.0"), artifact_key(ADD, 90, "3.7.0")}) == 3
    reordered = replace(ADD, aligned=frozenset(["out", "y", "x"]))
    assert artifact_key(reordered, 90, "3.6.0") == artifact_key(ADD, 90, "3.6.0")
