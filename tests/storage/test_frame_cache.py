"""The frame cache: never waits, stays within its bytes, decodes ahead, tells of bad frames."""

from __future__ import annotations

import queue
import threading
import time

import numpy as np
import pytest

from annotator.storage.frame_cache import FrameCache
from vos_core.media import FrameSourceError
from vos_core.media.frames import FrameSource, ReadAbandonedError

HEIGHT, WIDTH = 4, 5
FRAME_BYTES = HEIGHT * WIDTH * 3


class Source(FrameSource):
    """Frames whose value is their number; remembers who read what."""

    def __init__(self, frame_count: int = 50, bad: tuple[int, ...] = ()) -> None:
        self.frame_count = frame_count
        self.height, self.width = HEIGHT, WIDTH
        self.names = tuple(f"{index:05d}" for index in range(frame_count))
        self.bad = bad
        self.reads: list[int] = []
        self.threads: set[str] = set()
        self.gate = threading.Event()
        self.gate.set()
        self.entered = threading.Event()
        self.is_closed = False

    def _read(self, index: int) -> np.ndarray:
        self.entered.set()
        assert self.gate.wait(20)
        self.threads.add(threading.current_thread().name)
        self.reads.append(index)
        if index in self.bad:
            raise FrameSourceError(f"frame {index} is damaged")
        return np.full((HEIGHT, WIDTH, 3), index, np.uint8)

    def close(self) -> None:
        self.is_closed = True


class Watched:
    """A cache over a source, with its callbacks in a queue."""

    def __init__(self, source: Source, **options) -> None:
        self.source = source
        self.told: queue.Queue[object] = queue.Queue()
        self.cache = FrameCache(
            lambda: source,
            on_ready=self.told.put,
            on_error=lambda index, message: self.told.put((index, message)),
            **options,
        )

    def wait_reads(self, count: int) -> None:
        deadline = time.monotonic() + 20
        while len(self.source.reads) < count and time.monotonic() < deadline:
            time.sleep(0.005)
        time.sleep(0.05)  # and a moment for one too many


@pytest.fixture
def watched(request):
    made: list[Watched] = []

    def make(source: Source, **options) -> Watched:
        made.append(Watched(source, **options))
        return made[-1]

    yield make
    for each in made:
        each.source.gate.set()
        each.cache.close()
        assert each.source.is_closed or not each.source.reads


def test_a_frame_is_announced_and_then_at_hand_read_only(watched):
    watch = watched(Source())
    assert watch.cache.get(7) is None
    assert watch.told.get(timeout=20) == 7
    frame = watch.cache.get(7)
    assert (frame == 7).all()
    with pytest.raises(ValueError, match="read-only"):
        frame[0, 0, 0] = 1


def test_asking_does_not_wait_for_the_decoder(watched):
    source = Source()
    source.gate.clear()
    watch = watched(source)
    begin = time.monotonic()
    for index in range(200):
        watch.cache.get(index % 50)
    assert time.monotonic() - begin < 1
    source.gate.set()
    while watch.told.get(timeout=20) != 49:  # the one asked for last comes
        pass
    assert (watch.cache.get(49) == 49).all()
    assert len(source.threads) == 1  # one reader, and not this thread
    assert threading.current_thread().name not in source.threads


def test_frames_ahead_are_decoded_in_the_direction_of_travel(watched):
    watch = watched(Source(), ahead=3, byte_limit=100 * FRAME_BYTES)
    watch.cache.get(10)
    watch.wait_reads(7)
    assert sorted(watch.source.reads[:7]) == [*range(7, 14)]  # near ones on both sides
    assert watch.source.reads[:4] == [10, 11, 12, 13]
    watch.cache.get(6)
    watch.wait_reads(11)
    assert watch.source.reads[7:] == [6, 5, 4, 3]
    watch.cache.get(0)
    watch.wait_reads(14)
    assert watch.source.reads[11:] == [0, 1, 2]  # nothing before the first


def test_beyond_the_near_frames_only_those_in_the_direction_of_travel_are_decoded(watched):
    watch = watched(Source(), ahead=6, byte_limit=100 * FRAME_BYTES)
    watch.cache.get(30)
    watch.wait_reads(11)
    assert watch.source.reads == [30, 31, 32, 33, 34, 29, 28, 27, 26, 35, 36]
    watch.cache.get(29)
    watch.wait_reads(14)
    assert watch.source.reads[11:] == [25, 24, 23]


@pytest.mark.parametrize("fitting", range(1, 12))
def test_what_is_decoded_ahead_fits_and_is_not_decoded_again_and_again(watched, fitting):
    watch = watched(Source(), byte_limit=fitting * FRAME_BYTES)
    for index in (25, 40, 10, 11, 12, 9):
        if watch.cache.get(index) is None:
            while watch.told.get(timeout=20) != index:
                pass
        watch.cache.look_ahead()
    time.sleep(0.2)
    at_rest = len(watch.source.reads)
    time.sleep(0.1)
    assert len(watch.source.reads) == at_rest < 100


def test_only_a_frame_that_is_asked_for_is_urgent(watched):
    source = UrgencySource()
    watch = watched(source, ahead=2)
    watch.cache.get(20)
    watch.wait_reads(5)
    assert source.urgent == [20] and set(source.reads) == {18, 19, 20, 21, 22}


def test_memory_stays_within_its_limit_and_the_frame_on_show_stays(watched):
    watch = watched(Source(), byte_limit=6 * FRAME_BYTES)
    for index in [*range(0, 50, 3), 20]:
        watch.cache.get(index)
        deadline = time.monotonic() + 20
        while watch.cache.get(index) is None and time.monotonic() < deadline:
            time.sleep(0.002)
        assert watch.cache.nbytes <= 6 * FRAME_BYTES
    time.sleep(0.1)
    assert (watch.cache.get(20) == 20).all()


def test_a_limit_under_a_frame_still_shows_frames(watched):
    watch = watched(Source(), byte_limit=1)
    for index in (3, 30):
        watch.cache.get(index)
        assert watch.told.get(timeout=20) == index
        assert (watch.cache.get(index) == index).all()
    assert watch.cache.nbytes <= 2 * FRAME_BYTES


def test_a_bad_frame_is_told_once_and_the_others_come(watched):
    watch = watched(Source(bad=(4,)), ahead=2)
    watch.cache.get(4)
    assert watch.told.get(timeout=20) == (4, "frame 4 is damaged")
    assert watch.cache.error(4) == "frame 4 is damaged"
    watch.cache.get(5)
    assert watch.told.get(timeout=20) == 5
    watch.wait_reads(4)
    assert watch.source.reads.count(4) == 1
    watch.source.bad = ()
    watch.cache.forget_errors()
    watch.cache.get(4)
    assert watch.told.get(timeout=20) == 4


def test_frames_that_cannot_be_opened_are_told():
    told: queue.Queue[tuple[int, str]] = queue.Queue()

    def fail() -> FrameSource:
        raise FrameSourceError("clip.mp4: no such file")

    cache = FrameCache(fail, on_error=lambda index, message: told.put((index, message)))
    cache.get(0)
    assert told.get(timeout=20) == (0, "clip.mp4: no such file")
    cache.close()


def test_closing_waits_for_the_reader_and_nothing_is_told_after(watched):
    before = set(threading.enumerate())
    source = Source()
    source.gate.clear()
    watch = watched(source)
    watch.cache.get(1)
    time.sleep(0.05)
    timer = threading.Timer(0.1, source.gate.set)
    timer.start()
    watch.cache.close()
    timer.join()
    assert source.is_closed
    assert watch.told.empty()
    assert not set(threading.enumerate()) - before


class UrgencySource(Source):
    """Notes which reads somebody waits for."""

    def __init__(self) -> None:
        super().__init__()
        self.urgent: list[int] = []

    def _read(self, index: int) -> np.ndarray:
        if self._is_urgent:
            self.urgent.append(index)
        return super()._read(index)


class SlowSource(Source):
    """Takes many steps for a frame and asks at each whether it is still wanted."""

    def __init__(self) -> None:
        super().__init__()
        self.begun: queue.Queue[int] = queue.Queue()
        self.given_up: list[int] = []

    def _read(self, index: int) -> np.ndarray:
        self.begun.put(index)
        try:
            while not self.gate.wait(0.002):
                self._check_wanted()
        except ReadAbandonedError:
            self.given_up.append(index)
            raise
        return super()._read(index)


def test_a_read_that_nobody_waits_for_any_more_makes_way(watched):
    source = SlowSource()
    watch = watched(source, ahead=0)
    watch.cache.get(3)
    assert watch.told.get(timeout=20) == 3  # a frame was shown a moment ago
    source.gate.clear()
    watch.cache.get(40)
    while source.begun.get(timeout=20) != 40:
        pass
    watch.cache.get(20)
    while source.begun.get(timeout=20) != 20:  # though 40 would never have ended
        pass
    source.gate.set()
    while watch.told.get(timeout=20) != 20:
        pass
    assert (watch.cache.get(20) == 20).all()


def test_closing_does_not_wait_for_a_long_read(watched):
    source = SlowSource()
    source.gate.clear()
    watch = watched(source)
    watch.cache.get(1)
    assert source.begun.get(timeout=20) == 1
    watch.cache.close()
    assert source.given_up == [1] and source.is_closed


def test_decoding_ahead_waits_for_the_painting_but_not_for_ever(watched):
    watch = watched(Source(), ahead=2)
    watch.cache.get(20)
    assert watch.told.get(timeout=20) == 20
    reads = list(watch.source.reads)
    watch.cache.look_ahead()
    watch.wait_reads(5)
    assert reads == [20] and len(watch.source.reads) == 5
    watch.cache.get(30)  # and nobody says that it is painted
    watch.wait_reads(10)
    assert len(watch.source.reads) == 10


def test_ending_does_not_wait_and_nothing_is_told_after(watched):
    source = Source()
    source.gate.clear()
    watch = watched(source)
    watch.cache.get(1)
    assert source.entered.wait(20)
    watch.cache.end()
    assert watch.cache.is_running  # it is still at that frame
    source.gate.set()
    watch.cache.close()
    assert not watch.cache.is_running and source.is_closed and watch.told.empty()
