"""Adaptive object proxies: cluster representatives of an object at several granularities."""
