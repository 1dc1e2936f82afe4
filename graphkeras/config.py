"""`keras.config`: the default dtype, epsilon and image layout, and what runs models.

Settings of the compiler (target, device) live in `graphkeras.compiler.config`; this is where users change them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from graphkeras.compiler import config as compiler_config
from graphkeras.compiler.driver import resolve_target
from graphkeras.compiler.types import FLOATS

from . import dtype_policies
from .dtype_policies import DTypePolicy
from .tracebacks import disable_traceback_filtering as disable_traceback_filtering
from .tracebacks import enable_traceback_filtering as enable_traceback_filtering
from .tracebacks import is_traceback_filtering_enabled as is_traceback_filtering_enabled


@dataclass(frozen=True)
class Settings:
    """What applies where a layer or function is not told otherwise."""

    floatx: str = "float32"
    epsilon: float = 1e-7
    image_data_format: str = "channels_last"
    dtype_policy: DTypePolicy | None = None  # None: the policy of floatx
    interactive_logging: bool = True
    flash_attention: bool = True
    max_epochs: int | None = None
    max_steps_per_epoch: int | None = None


_settings = Settings()


def _update(**changes: Any) -> None:
    global _settings
    _settings = replace(_settings, **changes)


def floatx() -> str:
    """The default float dtype, a name such as ``"float32"``."""
    return _settings.floatx


def set_floatx(value: str) -> None:
    """Change the default float dtype of variables and inputs made from now on.

    Raises:
        ValueError: if it is not a float dtype.
    """
    if value not in FLOATS:
        raise ValueError(f"floatx must be one of {', '.join(FLOATS)}, got {value!r}.")
    _update(floatx=value)


def epsilon() -> float:
    """The small number that keeps divisions and logarithms finite; 1e-7 unless changed."""
    return _settings.epsilon


def set_epsilon(value: float) -> None:
    """Change `epsilon()`."""
    _update(epsilon=float(value))


def image_data_format() -> str:
    """``"channels_last"`` or ``"channels_first"``: where images have their channels by default."""
    return _settings.image_data_format


def set_image_data_format(data_format: str) -> None:
    """Change `image_data_format()`.

    Raises:
        ValueError: for another word.
    """
    if data_format not in ("channels_last", "channels_first"):
        raise ValueError(f"data_format must be 'channels_last' or 'channels_first', got {data_format!r}.")
    _update(image_data_format=data_format)


def standardize_data_format(data_format: str | None) -> str:
    """`data_format`, or the default for None.

    Raises:
        ValueError: for another word.
    """
    if data_format not in (None, "channels_last", "channels_first"):
        raise ValueError(f"data_format must be 'channels_last' or 'channels_first', got {data_format!r}.")
    return data_format or image_data_format()


def dtype_policy() -> DTypePolicy:
    """The policy of layers that are not given a dtype."""
    return _settings.dtype_policy or DTypePolicy(floatx())


dtype_policies.default_name = lambda: dtype_policy().name


def set_dtype_policy(policy: str | DTypePolicy) -> None:
    """Change `dtype_policy()` for layers made from now on."""
    _update(dtype_policy=policy if isinstance(policy, DTypePolicy) else DTypePolicy(policy))


def backend() -> str:
    """The name of the library below the API. Code that asks in order to call TensorFlow, JAX or PyTorch must not."""
    return "graphkeras"


def target() -> str:
    """What runs models: ``"numpy"``, ``"onnxruntime"`` or ``"triton"``."""
    return resolve_target()


def set_target(name: str) -> None:
    """Choose what runs models: ``"auto"``, ``"numpy"``, ``"onnxruntime"`` or ``"triton"``. Models keep their weights.

    Raises:
        ValueError: for another name.
    """
    compiler_config.update(target=name)


def set_device(name: str) -> None:
    """Choose what runs triton's kernels: ``"auto"``, ``"cuda"`` or ``"interpreter"`` (slow; for tests without a GPU).

    Raises:
        ValueError: for another name.
    """
    compiler_config.update(device=name)


def float32_matmul_precision() -> str:
    """How triton's kernels multiply matrices of float32: ``"ieee"`` unless changed."""
    return compiler_config.current().float32_matmul_precision


def set_float32_matmul_precision(precision: str) -> None:
    """Choose how triton's kernels multiply matrices of float32, for functions compiled from now on.

    Args:
        precision: ``"ieee"`` (exact products, not on the tensor cores), ``"tf32"`` (tensor cores; each factor is rounded to 10
            bits of mantissa) or ``"tf32x3"`` (tensor cores, three products in place of one; about 20 bits). Convolution and
            attention are products, too. PyTorch calls these ``highest``, ``high``, and has no third. 16-bit dtypes always use
            the tensor cores; other targets always compute in float32.

    Raises:
        ValueError: for another name.
    """
    compiler_config.update(float32_matmul_precision=precision)


def enable_flash_attention() -> None:
    """Let the triton target compute attention tile by tile, without its scores in memory, where it can; so it is unless
    `disable_flash_attention` was called. The results are the same up to rounding. Other targets compute it in their own way.

    Source: Dao, "FlashAttention-2", 2023 (arXiv 2307.08691).
    """
    _update(flash_attention=True)


def disable_flash_attention() -> None:
    """Spell attention out in products and a softmax, on every target, in models traced from now on."""
    _update(flash_attention=False)


def is_flash_attention_enabled() -> bool:
    """Whether attention may be computed tile by tile."""
    return _settings.flash_attention


def max_epochs() -> int | None:
    """The most epochs that `fit` runs, whatever it is asked for; None for no limit."""
    return _settings.max_epochs


def set_max_epochs(max_epochs: int | None) -> None:
    """Change `max_epochs()`: to try in little time that a script runs to its end.

    Raises:
        ValueError: for a number below 1.
    """
    _update(max_epochs=_limit("max_epochs", max_epochs))


def max_steps_per_epoch() -> int | None:
    """The most steps of an epoch, of `evaluate` and of `predict`; None for no limit."""
    return _settings.max_steps_per_epoch


def set_max_steps_per_epoch(max_steps_per_epoch: int | None) -> None:
    """Change `max_steps_per_epoch()`.

    Raises:
        ValueError: for a number below 1.
    """
    _update(max_steps_per_epoch=_limit("max_steps_per_epoch", max_steps_per_epoch))


def _limit(name: str, value: int | None) -> int | None:
    if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
        raise ValueError(f"{name} must be a positive integer or None, got {value!r}.")
    return value


def enable_interactive_logging() -> None:
    """Progress is printed; so it is unless `disable_interactive_logging` was called."""
    _update(interactive_logging=True)


def disable_interactive_logging() -> None:
    """Progress goes to the logger ``graphkeras`` of Python's `logging`, at level INFO, one line where an epoch ends."""
    _update(interactive_logging=False)


def is_interactive_logging_enabled() -> bool:
    """Whether progress is printed."""
    return _settings.interactive_logging
