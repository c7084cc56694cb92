"""The exceptions that the library raises on purpose.

Two families tell a person's mistake from a fault of ours: everything under ``UserError`` is
answered with one readable line (the command line exits with 2), everything else is a defect.
Messages are written for the person who reads them: what was wrong, where, and what would be right.
"""

from __future__ import annotations


class VosError(Exception):
    """Root of every exception that this library raises on purpose."""


class UserError(VosError):
    """Something given by the user cannot be used; the message says what would be right."""


class WeightsError(UserError):
    """A weights file is missing, damaged, or made for another network."""


class DeviceError(UserError):
    """A compute device was asked for that this machine does not have."""
