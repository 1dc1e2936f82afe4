"""The public names of Keras: what `api.tsv` says of each.

`api.tsv` was read off Keras 3.15 with `inspect`. Tiers say what matters first, by how many examples and models use a name:
1 core, 2 next, 3 completes families, 4 the rest.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

OUR_COPY = Path(__file__).with_name("api.tsv")
COLUMNS = ("symbol", "tier", "kind", "signature")


@dataclass(frozen=True)
class Symbol:
    """One public name.

    Attributes:
        path: `keras.ops.image.resize`.
        tier: 1 to 4.
        kind: class, function or constant.
        signature: its parameters as text, `(x, axis=None)`; empty for constants.
    """

    path: str
    tier: int
    kind: str
    signature: str

    @property
    def namespace(self) -> str:
        return self.path.rpartition(".")[0]

    @property
    def name(self) -> str:
        return self.path.rpartition(".")[2]


def read_list(path: Path = OUR_COPY) -> list[Symbol]:
    """The symbols of a tab-separated file with a header that has at least `COLUMNS`.

    Raises:
        ValueError: for a file without these columns, or a tier that is no number.
    """
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        missing = [column for column in COLUMNS if column not in (reader.fieldnames or ())]
        if missing:
            raise ValueError(f"{path}: no column {missing[0]!r}; the first line must name {', '.join(COLUMNS)}.")
        return [Symbol(row["symbol"], int(row["tier"]), row["kind"], row["signature"] or "") for row in reader]
