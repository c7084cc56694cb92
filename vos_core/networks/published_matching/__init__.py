"""Matching as the published networks arrange it, built on :mod:`vos_core.matching`."""
