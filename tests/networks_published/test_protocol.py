"""The authors' test-time protocol in the propagator, against that protocol written out plainly."""

from __future__ import annotations

from collections.abc import Mapping

import cv2
import numpy as np
import pytest
import torch
from torch.nn import functional as F

from tests.networks_published.small_networks import NAMES, build_small
from tests.support.tiny_network import moving_squares, tiny_propagator
from vos_core.evaluation.propagate import with_model
from vos_core.inference import Propagator, PropagatorOptions, published_protocol
from vos_core.inference.frame_input import frame_tensor, input_size
from vos_core.networks.published_engine import PublishedEngine
from vos_core.networks.published_matching.reference import join_references
from vos_core.networks.published_records import FrameFeatures, Memory, PreviousFrame

pytestmark = pytest.mark.timeout(400)

SIZE = (40, 60)  # not of the form 16 n + 1, so that frames and masks are resampled
FRAMES = 5


class PlainBranch:
    """One scale and mirroring: embeddings, references and memory of its own."""

    def __init__(self, engine: PublishedEngine, scale: float, flip: bool) -> None:
        self.engine, self.flip = engine, flip
        sides = [int(side * scale) for side in SIZE]
        self.size = [int(np.around((side - 1) / 16) * 16 + 1) for side in sides]
        self.references: list[tuple[FrameFeatures, torch.Tensor]] = []
        self.previous: PreviousFrame | None = None
        self.memory: Memory | None = None

    def mirrored(self, labels: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(labels[:, ::-1].copy() if self.flip else labels).long()

    def encode(self, frame: np.ndarray) -> FrameFeatures:
        shape = (self.size[1], self.size[0])
        image = cv2.resize(frame.astype(np.float32), shape, interpolation=cv2.INTER_CUBIC)
        image = image[:, ::-1].copy() if self.flip else image
        return self.engine.encode(torch.from_numpy(image).permute(2, 0, 1)[None])

    def probabilities(self, features: FrameFeatures, label_count: int) -> torch.Tensor:
        network = self.engine.network
        digests = [network.digest(own, labels, label_count) for own, labels in self.references]
        assert self.previous is not None
        result = network(features, join_references(digests), self.previous, self.memory)
        self.memory = result.memory
        logits = result.logits.float()
        logits = logits.flip(-1) if self.flip else logits
        return F.interpolate(logits[None], SIZE, mode="bilinear", align_corners=True)[0].softmax(0)


class Plain:
    """What networks' authors do at test time, frame by frame."""

    def __init__(self, engine: PublishedEngine, scales: tuple[float, ...], flip: bool) -> None:
        flips = (False, True) if flip else (False,)
        self.branches = [PlainBranch(engine, scale, way) for scale in scales for way in flips]
        self.dropped: list[float] = []

    @torch.inference_mode()
    def run(
        self,
        frames: np.ndarray,
        given: Mapping[int, np.ndarray],
        *,
        tau: int | None = None,
        alpha: float = 1.0,
    ) -> list[np.ndarray]:
        count = int(given[0].max()) + 1
        results = []
        for index, frame in enumerate(frames):
            features = [branch.encode(frame) for branch in self.branches]
            labels = given[0]
            if index > 0:
                each = [
                    branch.probabilities(own, count)
                    for branch, own in zip(self.branches, features, strict=True)
                ]
                mean = torch.stack(each).mean(0)
                labels = mean.argmax(0).numpy().astype(np.uint8)
                entropy = -(mean * torch.log(mean + 1e-6)).sum(0).numpy()
            is_known = index in given
            if is_known:
                labels = np.where(given[index] > 0, given[index], labels)
                if int(labels.max()) + 1 != count:
                    count = int(labels.max()) + 1
                    for branch in self.branches:
                        branch.memory = None
            is_own = not is_known and tau is not None and index % tau == 0
            reference = labels
            if is_own:
                reference = np.where(entropy > alpha, np.uint8(125), labels)
                self.dropped.append(float((reference == 125).mean()))
            for branch, own in zip(self.branches, features, strict=True):
                if is_known or is_own:
                    branch.references.append((own, branch.mirrored(reference)))
                branch.previous = PreviousFrame(own, branch.mirrored(labels))
            results.append(labels)
        return results


def make_case(objects: int, late: bool) -> tuple[np.ndarray, dict[int, np.ndarray]]:
    frames, truth = moving_squares(FRAMES, objects=objects, seed=11, size=SIZE, side=16)
    given = {0: truth[0]}
    if late:
        given = {
            0: np.where(truth[0] == objects, 0, truth[0]).astype(np.uint8),
            2: np.where(truth[2] == objects, truth[2], 0).astype(np.uint8),
        }
    return frames, given


def engine_of(name: str) -> PublishedEngine:
    return PublishedEngine(build_small(name), dtype=torch.float64)


CASES = [
    ("cfbi", (1.0,), False, None, False),
    pytest.param("cfbi-plus", (1.0, 1.3), False, None, False, marks=pytest.mark.slow),
    ("rpcm", (1.0,), False, 2, False),
    pytest.param("rpcm", (1.0, 1.3), True, 2, True, marks=pytest.mark.slow),
    ("cfbi", (1.15,), True, None, True),
    ("aoc", (1.0,), False, 2, True),
]


@pytest.mark.parametrize(("name", "scales", "flip", "tau", "late"), CASES)
def test_the_propagator_follows_the_authors_protocol(
    name: str, scales: tuple[float, ...], flip: bool, tau: int | None, late: bool
) -> None:
    """Resizing, averaging, later objects, patch pool and entropy filter, pixel for pixel."""
    frames, given = make_case(3, late)
    alpha = 0.9
    plain = Plain(engine_of(name), scales, flip)
    expected = plain.run(frames, given, tau=tau, alpha=alpha)
    options = published_protocol(
        mode="base" if tau is None else "mf",
        interval=tau or 5,
        max_entropy=alpha,
        scales=scales,
        flip=flip,
    )
    propagator = Propagator(
        engine_of(name), device=torch.device("cpu"), dtype=torch.float64, model_name=name
    )
    method = with_model(propagator, options=options)
    made = dict(method(lambda index: frames[index], FRAMES, given))
    assert sorted(made) == list(range(1, FRAMES))
    for index, label_map in made.items():
        assert (label_map == expected[index]).mean() > 0.999, index
    assert len({label_map.tobytes() for label_map in made.values()}) > 1
    if tau is not None:
        assert any(0 < share < 1 for share in plain.dropped)


def results_of(propagator: Propagator, options: PropagatorOptions) -> list[np.ndarray]:
    frames, given = make_case(2, late=False)
    propagation = propagator.start(lambda index: frames[index], given, (1, 2), options=options)
    found = []
    while (result := propagation.step()) is not None:
        assert result.label_map.shape == result.reliability_map.shape == SIZE
        assert set(np.unique(result.label_map)) <= {0, 1, 2}
        found.append(result.label_map)
    return found


@pytest.mark.parametrize("name", [*NAMES, "aoc-lite"])
def test_each_option_is_the_same_for_every_network(name: str) -> None:
    """Every network runs under each option; each changes something for some network's result."""
    propagator = tiny_propagator()
    if name != "aoc-lite":
        engine = PublishedEngine(build_small(name))
        propagator = Propagator(
            engine, device=torch.device("cpu"), dtype=torch.float32, model_name=name
        )
    usual = results_of(propagator, PropagatorOptions())
    assert len(usual) == 2
    for options in (
        PropagatorOptions(sizing="long-edge"),
        PropagatorOptions(decide_at="frame"),
        PropagatorOptions(scales=(1.0, 1.3), flip=True, decide_at="frame"),
        PropagatorOptions(mode="mf", interval=1, max_entropy=0.3, max_automatic=None),
        PropagatorOptions(keeps_backgrounds=True, max_references=None),
        published_protocol(mode="mf", interval=2, scales=(1.0, 1.3)),
    ):
        assert len(results_of(propagator, options)) == 2


def test_no_entropy_filter_fires_with_one_object() -> None:
    """RPCM: the largest entropy of two labels is log 2 < alpha = 1, so every pixel is kept."""
    from vos_core.inference.segmented import own_reference

    probabilities = torch.full((2, 1, 3), 0.5)
    options = published_protocol(mode="mf")
    assert own_reference(probabilities, [7], options).tolist() == [[0, 0, 0]]
    third = torch.full((3, 1, 1), 1 / 3)
    assert own_reference(third, [7, 9], options).tolist() == [[255]]  # log 3 > 1
    sure = torch.tensor([0.1, 0.8, 0.1]).view(3, 1, 1)
    assert own_reference(sure, [7, 9], options).tolist() == [[7]]
    usual = PropagatorOptions(min_probability=0.85)
    assert own_reference(sure, [7, 9], usual).tolist() == [[255]]


@pytest.mark.parametrize(
    ("frame", "scales", "scale", "size"),
    [
        ((480, 854), (1.0,), 1.0, (481, 849)),
        ((480, 854), (1.0, 1.3), 1.0, (449, 801)),  # longer side at most 800
        ((480, 854), (1.0, 1.3), 1.3, (577, 1041)),
        ((1080, 1920), (1.0,), 1.0, (577, 1041)),  # longer side at most 1040
        ((1920, 1080), (1.0,), 1.0, (1041, 577)),
        ((240, 320), (1.5,), 1.5, (353, 481)),  # enlarged; 359 is nearer to 353 than to 369
        ((9, 9), (1.0,), 1.0, (17, 17)),
    ],
)
def test_the_authors_size_rule_by_hand(
    frame: tuple[int, int], scales: tuple[float, ...], scale: float, size: tuple[int, int]
) -> None:
    options = PropagatorOptions(sizing="long-edge", scales=scales)
    assert input_size(frame, options, scale) == size


def test_frames_are_resampled_as_opencv_does_it_in_floating_point() -> None:
    frame = np.random.default_rng(1).integers(0, 256, (*SIZE, 3), dtype=np.uint8)
    tensor = frame_tensor(frame, (33, 65), flip=False, device=torch.device("cpu"), is_bicubic=True)
    expected = cv2.resize(frame.astype(np.float32), (65, 33), interpolation=cv2.INTER_CUBIC)
    np.testing.assert_array_equal(tensor[0].permute(1, 2, 0).numpy(), expected)
    assert tensor.min() < 0  # overshoot is kept


def test_a_references_background_counts_for_later_objects_only_where_asked() -> None:
    """Under the authors' protocol a later object is background in the frames before it."""
    frames, given = make_case(2, late=True)
    found = {}
    for keeps in (False, True):
        options = PropagatorOptions(keeps_backgrounds=keeps, mode="mf", interval=1)
        propagation = tiny_propagator().start(
            lambda index: frames[index], given, range(1, FRAMES), known={2: {2}}, options=options
        )
        for _ in range(3):
            propagation.step()
        keys = propagation._reference_keys(4, (1, 2))
        found[keeps] = (keys[0].has_background, sorted(propagation._automatic))
        assert keys[0].frame == 0
        propagation.close()
    assert found == {False: (False, [3]), True: (True, [1, 3])}


def test_options_that_cannot_run_are_refused() -> None:
    from vos_core.errors import UserError

    for wrong, told in (
        ({"sizing": "x"}, "unknown sizing 'x'; choose one of short-edge, long-edge"),
        ({"decide_at": "x"}, "unknown decide_at 'x'; choose one of grid, frame"),
        ({"max_entropy": -0.5}, "max_entropy must be at least 0, not -0.5"),
        ({"max_automatic": -1}, "max_automatic must be at least 0, not -1"),
    ):
        with pytest.raises(UserError, match=told):
            published_protocol(**wrong)
