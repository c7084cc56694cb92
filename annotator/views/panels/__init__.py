"""Panels around the canvas: objects, overlays, propagation, transport."""
