"""Propagation: references in, one result per frame out."""

from vos_core.inference.propagation import Propagation
from vos_core.inference.propagator import Propagator
from vos_core.inference.records import FrameResult, PropagatorOptions, published_protocol
from vos_core.inference.stretches import Wish
from vos_core.inference.two_sided import TwoSidedPropagation

__all__ = [
    "FrameResult",
    "Propagation",
    "Propagator",
    "PropagatorOptions",
    "TwoSidedPropagation",
    "Wish",
    "published_protocol",
]
