"""Every environment variable that graphkeras reads, and nothing else reads the environment.

| variable | values | effect |
|---|---|---|
| GRAPHKERAS_TARGET | auto, numpy, onnxruntime, triton | what runs models; auto: triton if a GPU answers, else onnxruntime |
| GRAPHKERAS_DEVICE | cuda, interpreter | what runs triton's kernels |
| GRAPHKERAS_FLOAT32_MATMUL_PRECISION | ieee, tf32, tf32x3 | how triton's kernels multiply matrices of float32, see `Config` |
| GRAPHKERAS_AUTOTUNE | 0, 1 | on a GPU, time the tiles that a kernel may have once, and keep the fastest in the cache folder |
| GRAPHKERAS_VERIFY | 0, 1 | compare the graph before and after every pass by the NumPy reference |
| GRAPHKERAS_SKIP | pass names, comma-separated | leave passes out, to find a miscompiling one |
| GRAPHKERAS_DUMP | a folder | write the graph after every pass, the program and its kernels there |
| GRAPHKERAS_CACHE | a folder | where compiled kernels are kept (default ~/.cache/graphkeras) |
| GRAPHKERAS_THREADS | a number | threads of onnxruntime; 0: as many as physical cores |
| KERAS_HOME | a folder | where `get_file` keeps downloads (default ~/.keras, as Keras) |
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

TARGETS = ("auto", "numpy", "onnxruntime", "triton")
DEVICES = ("auto", "cuda", "interpreter")
PRECISIONS = ("ieee", "tf32", "tf32x3")


@dataclass(frozen=True)
class Config:
    """Settings of the compiler.

    `float32_matmul_precision` holds for products of float32 matrices in triton's kernels, convolution and attention among them.
    ``ieee``: exact products, not on the tensor cores. ``tf32``: the tensor cores, which take 10 of the 23 bits of each factor's
    mantissa. ``tf32x3``: three such products, which take about 20 bits. Sums are float32 always.

    `autotune`: a kernel's tile is chosen by the clock of the GPU and not by the table. Another tile may add up in another
    order, so results may differ in their last bits; what was measured is kept, so that later runs repeat bit for bit.
    """

    target: str = "auto"
    device: str = "auto"
    float32_matmul_precision: str = "ieee"
    autotune: bool = False
    verify: bool = False
    skip: tuple[str, ...] = ()
    dump: Path | None = None
    cache: Path = Path("~/.cache/graphkeras")
    threads: int = 0
    keras_home: Path = Path("~/.keras")

    def __post_init__(self) -> None:
        checked = (
            ("target", self.target, TARGETS),
            ("device", self.device, DEVICES),
            ("float32_matmul_precision", self.float32_matmul_precision, PRECISIONS),
        )
        for name, value, allowed in checked:
            if value not in allowed:
                raise ValueError(f"Unknown {name} {value!r}; it must be one of {', '.join(allowed)}.")


def from_environment(environment: Mapping[str, str]) -> Config:
    """Settings as the environment says.

    Raises:
        ValueError: for a value that is not allowed; names the variable.
    """

    def get(name: str, default: str) -> str:
        return environment.get(f"GRAPHKERAS_{name}", "") or default

    try:
        return Config(
            target=get("TARGET", "auto"),
            device=get("DEVICE", "auto"),
            float32_matmul_precision=get("FLOAT32_MATMUL_PRECISION", "ieee"),
            autotune=_flag(get("AUTOTUNE", "0")),
            verify=_flag(get("VERIFY", "0")),
            skip=tuple(name.strip() for name in get("SKIP", "").split(",") if name.strip()),
            dump=Path(folder) if (folder := get("DUMP", "")) else None,
            cache=Path(get("CACHE", str(Config.cache))).expanduser(),
            threads=int(get("THREADS", "0")),
            keras_home=Path(environment.get("KERAS_HOME", "") or Config.keras_home).expanduser(),
        )
    except ValueError as error:
        raise ValueError(f"In the environment variables GRAPHKERAS_*: {error}") from None


def _flag(text: str) -> bool:
    if text not in ("0", "1"):
        raise ValueError(f"a switch must be 0 or 1, got {text!r}")
    return text == "1"


_current = from_environment(os.environ)


def current() -> Config:
    return _current


def update(**changes: object) -> Config:
    """Change settings for the rest of the process; returns the former ones."""
    global _current
    former = _current
    _current = replace(_current, **changes)  # type: ignore[arg-type]
    return former
