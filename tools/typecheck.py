"""Type-check the four houses as one package: ``python -m graphkeras.tools.typecheck``.

mypy does not follow setuptools' folder mapping, so this makes a view of links in ``build/typing`` that looks like the
installed package, and checks that.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def make_view() -> Path:
    """``build/typing/graphkeras`` with links to every module and house; returns the folder it is in."""
    view = ROOT / "build" / "typing" / "graphkeras"
    shutil.rmtree(view, ignore_errors=True)
    view.mkdir(parents=True)
    for path in [*(ROOT / "graphkeras").iterdir(), *(ROOT / house for house in ("compiler", "kernels", "tools"))]:
        if path.name != "__pycache__":
            (view / path.name).symlink_to(path)
    return view.parent


def main() -> int:
    command = [sys.executable, "-m", "mypy", "--config-file", str(ROOT / "pyproject.toml"), "-p", "graphkeras"]
    return subprocess.call([*command, *sys.argv[1:]], cwd=make_view())


if __name__ == "__main__":
    sys.exit(main())
