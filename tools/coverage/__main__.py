"""``python -m graphkeras.tools.coverage``"""

from .command import main

raise SystemExit(main())
