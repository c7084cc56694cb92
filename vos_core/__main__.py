"""Lets ``python -m vos_core`` stand for the ``vos`` command."""

from vos_core.cli import main

if __name__ == "__main__":
    main()
