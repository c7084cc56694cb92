"""``python -m annotator.cli``: the same as ``vos-annotator``."""

from annotator.cli import main

main()
