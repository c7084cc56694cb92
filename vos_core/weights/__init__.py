"""Weights: files, integrity, the registry of networks, import of published checkpoints."""
