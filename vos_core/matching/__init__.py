"""Foreground and background matching: global, multi-local, by proxy; fast forms beside plain ones."""
