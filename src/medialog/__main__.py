"""`python -m medialog` is the command `medialog`."""

import sys

from medialog.cli import main

if __name__ == "__main__":
    sys.exit(main())
