"""The ``vos`` command. Sub-commands import what they need when they run, not before."""

from vos_core.cli.app import main

__all__ = ["main"]
