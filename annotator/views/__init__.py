"""Widgets of the desktop tool: they show plain data and emit what a person asked for."""
