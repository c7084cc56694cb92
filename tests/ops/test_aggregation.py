"""Soft aggregation and reliability: sums, hand-derived numbers, the plain formula."""

from __future__ import annotations

import math

import pytest
import torch

from vos_core.ops.aggregation import LOG_ODDS_LIMIT, reliability_map, soft_aggregate


def plain_soft_aggregate(logits: torch.Tensor) -> torch.Tensor:
    """The formula of STM, in float64: log-odds of each object and of the product of complements."""
    p = torch.sigmoid(logits.double().clamp(-LOG_ODDS_LIMIT, LOG_ODDS_LIMIT))
    background = (1 - p).prod(0, keepdim=True)
    everything = torch.cat([background, p])
    odds = torch.log(everything) - torch.log1p(-everything)
    return odds.clamp(-LOG_ODDS_LIMIT, LOG_ODDS_LIMIT)


@pytest.mark.parametrize("objects", [1, 2, 3, 40])
@pytest.mark.parametrize("spread", [0.1, 3.0, 30.0])
def test_equals_the_plain_formula(objects: int, spread: float) -> None:
    logits = torch.randn(objects, 7, 5, generator=torch.Generator().manual_seed(objects)) * spread
    torch.testing.assert_close(
        soft_aggregate(logits).double(), plain_soft_aggregate(logits), atol=2e-3, rtol=1e-3
    )


@pytest.mark.parametrize("objects", [0, 1, 3, 40])
def test_probabilities_sum_to_one(objects: int) -> None:
    logits = torch.randn(2, objects, 4, 6) * 5
    probabilities = soft_aggregate(logits).softmax(dim=-3)
    assert probabilities.shape == (2, objects + 1, 4, 6)
    torch.testing.assert_close(probabilities.sum(-3), torch.ones(2, 4, 6))


def test_hand_numbers_of_one_object() -> None:
    # p = 3/4: odds 3 for the object, 1/3 for the background; 3 / (3 + 1/3) = 9/10
    logits = torch.full((1, 1, 1), math.log(3.0))
    probabilities = soft_aggregate(logits).softmax(0).flatten()
    torch.testing.assert_close(probabilities, torch.tensor([0.1, 0.9]))


def test_hand_numbers_of_two_objects() -> None:
    # p = 1/2 and 1/2: odds 1, 1, background 1/4 -> odds 1/3; shares 1/7, 3/7, 3/7
    probabilities = soft_aggregate(torch.zeros(2, 1, 1)).softmax(0).flatten()
    torch.testing.assert_close(probabilities, torch.tensor([1.0, 3.0, 3.0]) / 7)


@pytest.mark.parametrize(("logit", "wins"), [(-1e-3, 0), (1e-3, 1), (-50.0, 0), (50.0, 1)])
def test_one_object_is_decided_at_zero(logit: float, wins: int) -> None:
    assert int(soft_aggregate(torch.full((1, 1, 1), logit)).argmax(0)) == wins


def test_background_of_no_object_is_certain() -> None:
    assert torch.equal(soft_aggregate(torch.zeros(0, 2, 2)).softmax(0), torch.ones(1, 2, 2))


def test_extreme_logits_stay_finite_with_a_gradient() -> None:
    logits = torch.tensor([-1e4, -20.0, 0.0, 20.0, 1e4]).view(1, 1, 5).expand(3, 1, 5).clone()
    logits.requires_grad_(True)
    result = soft_aggregate(logits)
    result.softmax(0)[0].sum().backward()
    assert result.isfinite().all()
    assert logits.grad is not None
    assert logits.grad.isfinite().all()


def test_half_precision_logits_are_aggregated_in_float32() -> None:
    logits = torch.randn(3, 4, 4)
    result = soft_aggregate(logits.bfloat16())
    assert result.dtype == torch.float32
    torch.testing.assert_close(result, soft_aggregate(logits.bfloat16().float()))


def test_reliability_hand_numbers() -> None:
    # two labels: certain -> 1; equal -> 0; (1/4, 3/4) -> 1 - (2 ln 2 - 3/4 ln 3) / ln 2
    background = torch.tensor([[0.0, 0.5, 0.25]])
    probabilities = torch.stack([background, 1 - background])
    quarter = 1 - (2 * math.log(2) - 0.75 * math.log(3)) / math.log(2)
    expected = torch.tensor([[1.0, 0.0, quarter]])
    torch.testing.assert_close(reliability_map(probabilities), expected, atol=2e-5, rtol=0)


def test_reliability_of_a_uniform_pixel_is_zero_for_any_number_of_labels() -> None:
    for labels in (2, 5, 41):
        uniform = torch.full((labels, 2, 2), 1 / labels)
        torch.testing.assert_close(reliability_map(uniform), torch.zeros(2, 2), atol=1e-4, rtol=0)


def test_reliability_stays_between_zero_and_one_and_ignores_the_order_of_labels() -> None:
    probabilities = torch.softmax(torch.randn(6, 20, 20) * 4, 0)
    reliability = reliability_map(probabilities)
    assert 0 <= float(reliability.min()) <= float(reliability.max()) <= 1
    torch.testing.assert_close(reliability_map(probabilities[torch.randperm(6)]), reliability)


def test_reliability_with_the_background_alone_is_one() -> None:
    assert torch.equal(reliability_map(torch.ones(1, 3, 4)), torch.ones(3, 4))
