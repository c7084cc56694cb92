"""Layers that the published networks share."""
