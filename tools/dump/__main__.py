"""``python -m graphkeras.tools.dump``"""

from .command import main

raise SystemExit(main())
