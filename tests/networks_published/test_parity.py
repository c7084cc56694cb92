"""The published networks against recorded outputs of their authors' code."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.networks_published.conftest import find_fixture
from vos_core.networks.published import PublishedNetwork
from vos_core.weights.parity import compare, read_fixture

CASES = [
    ("cfbi", "cfbi_k1_129x161"),
    ("cfbi", "cfbi_k3_129x161"),
    ("cfbi_mnv2", "cfbi_mnv2_k1_129x161"),
    ("cfbi_mnv2", "cfbi_mnv2_k3_129x161"),
    ("cfbip", "cfbip_k1_129x161"),
    ("cfbip", "cfbip_k3_129x161"),
    ("cfbip", "cfbip_k3_129x161_minpix100"),
    ("cfbip", "cfbip_k3_129x161_ref125"),
    ("rpcm", "rpcm_k1_129x161"),
    ("rpcm", "rpcm_k3_129x161"),
    ("rpcm", "rpcm_k3_129x161_ref125"),
]


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize(("recorded_name", "case"), CASES, ids=[case for _, case in CASES])
def test_every_recorded_output_is_within_its_tolerance(
    recorded_name: str, case: str, filled_network: Callable[[str], PublishedNetwork]
) -> None:
    fixture = read_fixture(find_fixture(f"{case}.npz"))
    differences = compare(filled_network(recorded_name), fixture)
    past = {item.name: item.largest for item in differences if not item.is_within}
    assert not past
    # every step was compared, and every recorded float array but none twice
    recorded = {name for name, value in fixture.arrays.items() if value.dtype.kind == "f"}
    names = [item.name for item in differences]
    assert set(names) == recorded
    assert len(names) == len(set(names))


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_switch_for_small_objects_matters(
    filled_network: Callable[[str], PublishedNetwork],
) -> None:
    """The case with a minimum of matching pixels must fail when its switches are left off."""
    fixture = read_fixture(find_fixture("cfbip_k3_129x161_minpix100.npz"))
    meta = {**fixture.meta, "overrides": {}}
    plain = type(fixture)(path=fixture.path, arrays=fixture.arrays, meta=meta)
    past = {item.name for item in compare(filled_network("cfbip"), plain) if not item.is_within}
    assert {"att_A", "global_fg_s0_A", "logit_A"} <= past


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_plane_order_matters(filled_network: Callable[[str], PublishedNetwork]) -> None:
    """Swapped image planes are noticed: the comparison cannot pass on anything."""
    fixture = read_fixture(find_fixture("cfbi_mnv2_k1_129x161.npz"))
    arrays = {**fixture.arrays, "images": fixture.arrays["images"][..., ::-1]}
    swapped = type(fixture)(path=fixture.path, arrays=arrays, meta=fixture.meta)
    differences = compare(filled_network("cfbi_mnv2"), swapped)
    assert not all(item.is_within for item in differences)
