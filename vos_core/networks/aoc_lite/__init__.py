"""The default network, our own composition of CFBI+, AOC and RPCM on a light backbone."""

from vos_core.networks.aoc_lite.network import AocLite, stride4_probabilities
from vos_core.networks.aoc_lite.records import Features, Reference, ReferenceSet, State, StepResult

__all__ = [
    "AocLite",
    "Features",
    "Reference",
    "ReferenceSet",
    "State",
    "StepResult",
    "stride4_probabilities",
]
