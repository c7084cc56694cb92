"""``python -m annotator``: the same as app.py."""

import sys

from annotator.main import main

if __name__ == "__main__":
    sys.exit(main())
