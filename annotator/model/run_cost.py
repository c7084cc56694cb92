"""What runs cost: measured seconds and bytes, and what they say of a run to come."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

_WEIGHT_OF_NEW = 0.3
_LONGEST_SECONDS = 600.0
_BASE_SECONDS, _OBJECT_SECONDS = 0.15, 0.04
"""One visit of aoc-lite at 480x854 on a quiet processor with bfloat16 (benchmarks): shape of the
law, and what is told before anything was measured."""
_BASE_BYTES, _OBJECT_BYTES, _REFERENCE_BYTES = 150 << 20, 8 << 20, 13 << 20
"""Working memory of aoc-lite at 480x854, as its peak grew."""
_FRAME_BYTES = 40 << 10


@dataclass(frozen=True)
class Forecast:
    """What a run will need.

    Attributes:
        visits: Frames to compute; one that is predicted from both sides counts twice.
        seconds: Time that they take.
        nbytes: Memory for the network and for the results.
        is_measured: Whether the time rests on runs of this network at this size.
    """

    visits: int
    seconds: float
    nbytes: int
    is_measured: bool

    @property
    def text(self) -> str:
        """``131 frames · about 0:42 · 0.3 GB``; "perhaps" where nothing was measured."""
        seconds = math.ceil(self.seconds)
        hours, minutes = seconds // 3600, seconds // 60 % 60
        clock = f"{hours}:{minutes:02d}:{seconds % 60:02d}" if hours else None
        clock = clock or f"{minutes}:{seconds % 60:02d}"
        frames = f"{self.visits} frame{'' if self.visits == 1 else 's'}"
        doubt = "about" if self.is_measured else "perhaps"
        return f"{frames} · {doubt} {clock} · {self.nbytes / 1e9:.1f} GB"


def run_key(network: str, height: int, width: int) -> str:
    """Name under which costs are kept: the same network, device, number format and frame size."""
    return f"{network} {width}x{height}"


class RunCosts:
    """Measured costs of visits, kept from run to run.

    Args:
        values: What `values` gave; entries that make no sense are left out.
    """

    def __init__(self, values: Mapping[str, object] | None = None) -> None:
        self._seconds: dict[str, dict[int, float]] = {}
        self._frame_bytes: dict[str, float] = {}
        for key, entry in (values or {}).items():
            if isinstance(entry, dict):
                self._take(key, entry)

    def _take(self, key: str, entry: Mapping[str, object]) -> None:
        seconds = {
            int(count): float(value)
            for count, value in entry.items()
            if count.isdigit() and isinstance(value, int | float) and _is_sensible(value)
        }
        if seconds:
            self._seconds[key] = seconds
        if _is_sensible(value := entry.get("kilobytes")):
            self._frame_bytes[key] = float(value) * 1000  # type: ignore[arg-type]

    @property
    def values(self) -> dict[str, dict[str, float]]:
        """Everything as JSON values."""
        return {
            key: {str(count): round(value, 4) for count, value in sorted(seconds.items())}
            | {"kilobytes": round(self._frame_bytes.get(key, _FRAME_BYTES) / 1000, 1)}
            for key, seconds in self._seconds.items()
        }

    def note(self, key: str, object_count: int, seconds: float, result_bytes: int) -> None:
        """Take a visit into account.

        Args:
            key: From `run_key`.
            object_count: Objects that travelled.
            seconds: Time of the visit.
            result_bytes: Size of what is kept of it.
        """
        if not _is_sensible(seconds):
            return
        counts = self._seconds.setdefault(key, {})
        before = counts.get(object_count)
        counts[object_count] = (
            seconds if before is None else before + _WEIGHT_OF_NEW * (seconds - before)
        )
        size = self._frame_bytes.get(key, float(result_bytes))
        self._frame_bytes[key] = size + _WEIGHT_OF_NEW * (result_bytes - size)

    def seconds_per_visit(self, key: str, object_count: int) -> tuple[float, bool]:
        """Time of a visit, and whether it rests on measurements.

        From the nearest measured number of objects, in proportion to a base and a share for each.
        """
        counts = self._seconds.get(key)
        if not counts:
            return _BASE_SECONDS + _OBJECT_SECONDS * object_count, False
        nearest = min(counts, key=lambda count: (abs(count - object_count), count))
        law = (_BASE_SECONDS + _OBJECT_SECONDS * object_count) / (
            _BASE_SECONDS + _OBJECT_SECONDS * nearest
        )
        return counts[nearest] * law, True

    def forecast(
        self, key: str, *, visits: int, frames: int, object_count: int, reference_count: int
    ) -> Forecast:
        """What a run will need.

        Args:
            key: From `run_key`.
            visits: Frames to compute, one from both sides counted twice.
            frames: Frames that get a result.
            object_count: Objects that travel.
            reference_count: References that are matched against at once.
        """
        seconds, is_measured = self.seconds_per_visit(key, object_count)
        working = _BASE_BYTES + _OBJECT_BYTES * object_count + _REFERENCE_BYTES * reference_count
        results = int(self._frame_bytes.get(key, _FRAME_BYTES)) * max(frames, visits)
        return Forecast(visits, visits * seconds, working + results, is_measured)


def _is_sensible(value: object) -> bool:
    return isinstance(value, int | float) and 0 < value < _LONGEST_SECONDS * 1000
