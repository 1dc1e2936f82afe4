"""Sample calls of every function of `keras.ops` and `keras.random`, one file a family.

The coverage tool makes them on every target, and the tests compare them with what real Keras made of them. A new file of this
folder with a list `CALLS` is found by itself.
"""

import pkgutil
from importlib import import_module

from .call import Call as Call

#: Calls by family, the name of the file.
FAMILIES: dict[str, list[Call]] = {
    module.name: import_module(f"{__name__}.{module.name}").CALLS
    for module in pkgutil.iter_modules(__path__)
    if module.name != "call"
}
