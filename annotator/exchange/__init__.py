"""Masks in and out of a project, in the formats of benchmarks and of other tools. No Qt."""
