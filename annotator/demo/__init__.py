"""The whole job on the sample clip, by the real window, without a person."""

from annotator.demo.runner import run_demo

__all__ = ["run_demo"]
