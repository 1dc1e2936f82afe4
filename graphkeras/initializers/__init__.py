"""`keras.initializers`: the first numbers of variables."""

from __future__ import annotations

from typing import Any

from ..identifiers import resolve, subclasses_in
from ..saving.object_registration import custom_object_scope
from ..saving.serialization import serialize_keras_object
from .constant_initializers import Constant as Constant
from .constant_initializers import Identity as Identity
from .constant_initializers import Ones as Ones
from .constant_initializers import Zeros as Zeros
from .fourier import STFT as STFT
from .initializer import Initializer as Initializer
from .random_initializers import GlorotNormal as GlorotNormal
from .random_initializers import GlorotUniform as GlorotUniform
from .random_initializers import HeNormal as HeNormal
from .random_initializers import HeUniform as HeUniform
from .random_initializers import LecunNormal as LecunNormal
from .random_initializers import LecunUniform as LecunUniform
from .random_initializers import Orthogonal as Orthogonal
from .random_initializers import RandomNormal as RandomNormal
from .random_initializers import RandomUniform as RandomUniform
from .random_initializers import TruncatedNormal as TruncatedNormal
from .random_initializers import VarianceScaling as VarianceScaling
from .random_initializers import compute_fans as compute_fans

constant, zeros, ones, identity = Constant, Zeros, Ones, Identity
random_normal, random_uniform, truncated_normal = RandomNormal, RandomUniform, TruncatedNormal
variance_scaling, orthogonal = VarianceScaling, Orthogonal
glorot_normal, glorot_uniform = GlorotNormal, GlorotUniform
he_normal, he_uniform, lecun_normal, lecun_uniform = HeNormal, HeUniform, LecunNormal, LecunUniform

_TABLE: dict[str, Any] = {
    **subclasses_in(vars(), Initializer),
    "OrthogonalInitializer": Orthogonal,
    "IdentityInitializer": Identity,
    "uniform": RandomUniform,  # as Keras 2 spelled them
    "normal": RandomNormal,
    "zero": Zeros,
    "one": Ones,
}


def get(identifier: Any) -> Any:
    """An initializer from a name, a config, a class, an object or a function; None stays None.

    Raises:
        ValueError: for an unknown name; lists the near matches.
    """
    return None if identifier is None else resolve("initializer", identifier, _TABLE)


def serialize(initializer: Any) -> Any:
    """The initializer as JSON-ready data."""
    return serialize_keras_object(initializer)


def deserialize(config: Any, custom_objects: dict[str, Any] | None = None) -> Any:
    """The initializer that `serialize` wrote."""
    with custom_object_scope(custom_objects or {}):
        return get(config)
