"""Foreground and background matching: global and multi-local; fast forms beside plain ones."""
