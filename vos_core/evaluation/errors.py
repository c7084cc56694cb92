"""Errors of the evaluation package; every message is written for a person."""

from __future__ import annotations

from vos_core.errors import UserError


class EvaluationError(UserError):
    """Frames, annotations or results do not fit together; the message says what would be right."""
