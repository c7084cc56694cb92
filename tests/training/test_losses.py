"""The losses by hand."""

from __future__ import annotations

import math

import pytest
import torch

from vos_core.training.losses import VOID, clip_loss, hard_pixel_share


@pytest.mark.parametrize(
    ("progress", "share"), [(0.0, 1.0), (0.25, 0.625), (0.5, 0.25), (0.75, 0.25), (1.0, 0.25)]
)
def test_share_of_hard_pixels(progress: float, share: float) -> None:
    assert hard_pixel_share(progress, final=0.25, reached_at=0.5) == pytest.approx(share)


def test_share_is_final_at_once_without_a_ramp() -> None:
    assert hard_pixel_share(0.0, final=0.15, reached_at=0.0) == pytest.approx(0.15)


def squares(*ids: int) -> torch.Tensor:
    """int64 [9, 9] map of two halves; [5, 5] at half resolution."""
    labels = torch.zeros(9, 9, dtype=torch.int64)
    for row, object_id in zip((0, 5), ids, strict=False):
        labels[row : row + 4] = object_id
    return labels


def test_hand_numbers_of_an_undecided_network() -> None:
    # logit 0: p = 1/2 for object and background; cross-entropy ln 2 everywhere
    labels = squares(1)  # rows 0, 2 of 0, 2, 4, 6, 8: 10 of 25 pixels
    loss, jaccard = clip_loss(torch.zeros(1, 3, 3), labels, kept_share=1.0, jaccard_weight=0.0)
    assert float(loss) == pytest.approx(math.log(2), abs=1e-5)
    # soft Jaccard: both 10 / 2, either 25 / 2 + 10 - 5
    assert float(jaccard) == pytest.approx(5 / 17.5, abs=1e-5)
    weighted, _ = clip_loss(torch.zeros(1, 3, 3), labels, kept_share=1.0, jaccard_weight=2.0)
    assert float(weighted) == pytest.approx(math.log(2) + 2 * (1 - 5 / 17.5), abs=1e-4)


def test_only_the_hardest_pixels_count() -> None:
    labels = squares(0)
    logits = torch.full((1, 5, 5), -12.0)
    logits[0, 0, 0] = 12.0  # one wrong pixel of 25
    everything, _ = clip_loss(logits, labels, kept_share=1.0, jaccard_weight=0.5)
    hardest, _ = clip_loss(logits, labels, kept_share=0.04, jaccard_weight=0.5)
    assert float(hardest) == pytest.approx(24.0, abs=1e-3)  # odds 12 against -12
    assert float(everything) == pytest.approx(24.0 / 25, abs=1e-3)


def test_a_right_answer_costs_nothing_and_a_frame_without_objects_has_jaccard_one() -> None:
    labels = squares(1, 2)
    logits = torch.full((2, 5, 5), -12.0)
    logits[0, :2], logits[1, 3:] = 12.0, 12.0
    loss, jaccard = clip_loss(logits, labels, kept_share=0.25, jaccard_weight=0.5)
    assert float(loss) < 1e-3
    assert float(jaccard) > 0.999
    none, jaccard = clip_loss(
        torch.full((2, 5, 5), -12.0), squares(0), kept_share=1.0, jaccard_weight=0.5
    )
    assert float(none) < 1e-3
    assert float(jaccard) == 1


def test_nobodys_pixels_cost_nothing_and_give_no_gradient() -> None:
    labels = squares(1)
    labels[4:] = VOID
    logits = torch.randn(1, 5, 5, requires_grad=True)
    loss, _ = clip_loss(logits, labels, kept_share=1.0, jaccard_weight=0.5)
    loss.backward()
    assert logits.grad is not None
    assert logits.grad[0, 2:].abs().max() == 0
    assert logits.grad[0, :2].abs().min() > 0


def test_an_object_that_the_frame_does_not_show_is_left_out_of_the_jaccard() -> None:
    logits = torch.full((2, 5, 5), -12.0)
    logits[0, :2] = 12.0
    _, jaccard = clip_loss(logits, squares(1), kept_share=1.0, jaccard_weight=0.5)
    assert float(jaccard) > 0.999


def test_pixels_given_to_an_absent_object_are_punished_however_few_they_are() -> None:
    undecided = torch.zeros(1, 3, 3)
    plain, _ = clip_loss(undecided, squares(0), kept_share=1.0, jaccard_weight=0.5)
    loss, _ = clip_loss(
        undecided, squares(0), kept_share=1.0, jaccard_weight=0.5, absent_weight=0.2
    )
    # p = 1/2 on 25 pixels: a mass of 12.5 of 12.5 + 32
    assert float(loss - plain) == pytest.approx(0.2 * 12.5 / 44.5, abs=1e-5)
    shown, _ = clip_loss(undecided, squares(1), kept_share=1.0, jaccard_weight=0.5)
    same, _ = clip_loss(
        undecided, squares(1), kept_share=1.0, jaccard_weight=0.5, absent_weight=0.2
    )
    assert float(same) == float(shown)
    # the second of two objects is absent, and one sure pixel of it costs more than the mean shows
    logits = torch.full((2, 5, 5), -12.0)
    logits[0, :2], logits[1, 4, 4] = 12.0, 12.0
    first = clip_loss(logits, squares(1), kept_share=1.0, jaccard_weight=0.0)[0]
    both = clip_loss(logits, squares(1), kept_share=1.0, jaccard_weight=0.0, absent_weight=1.0)[0]
    assert float(both - first) == pytest.approx(1 / 33, abs=1e-4)
