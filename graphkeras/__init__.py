"""graphkeras: Keras whose every model is one static graph."""

from pathlib import Path as _Path

# In a checkout, compiler/, kernels/ and tools/ sit beside this folder; in an installed copy they sit inside it.
_root = _Path(__file__).parent.parent
if (_root / "pyproject.toml").is_file():
    __path__.append(str(_root))

__version__ = "0.1.0"
