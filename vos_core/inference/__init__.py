"""Propagation: references in, one result per frame out."""

from vos_core.inference.propagation import Propagation
from vos_core.inference.propagator import Propagator
from vos_core.inference.records import FrameResult, PropagatorOptions, published_protocol

__all__ = ["FrameResult", "Propagation", "Propagator", "PropagatorOptions", "published_protocol"]
