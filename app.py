"""Entry point of the desktop tool: ``python app.py [PATH]``; see ``python app.py --help``."""

import sys

from annotator.main import main

if __name__ == "__main__":
    sys.exit(main())
