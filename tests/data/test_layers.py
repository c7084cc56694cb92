"""Warping and pasting: hand-made pictures whose result is known."""

from __future__ import annotations

import numpy as np

from vos_core.data.layers import CutOut, cut_out, fill_hole, lookup_map, paste, warp_picture
from vos_core.data.motion import shift_by, zoom_about


def square(size: int = 40) -> tuple[np.ndarray, np.ndarray]:
    image = np.full((size, size, 3), 100, np.uint8)
    labels = np.zeros((size, size), np.uint8)
    image[10:20, 12:22] = (255, 0, 0)
    labels[10:20, 12:22] = 3
    return image, labels


def test_the_identity_changes_nothing() -> None:
    image, labels = square()
    warped, warped_labels = warp_picture(image, labels, np.eye(3), 40)
    assert np.array_equal(warped, image)
    assert np.array_equal(warped_labels, labels)


def test_a_shift_moves_picture_and_labels_alike() -> None:
    image, labels = square()
    for bend in (None, np.zeros((40, 40, 2), np.float32)):
        warped, warped_labels = warp_picture(image, labels, shift_by(4, -3), 40, displacement=bend)
        assert (warped_labels[7:17, 16:26] == 3).all()
        assert (warped[7:17, 16:26] == (255, 0, 0)).all()
        assert (warped_labels == 3).sum() == 100


def test_a_displacement_looks_up_beside() -> None:
    image, labels = square()
    bend = np.zeros((40, 40, 2), np.float32)
    bend[..., 0] = 5  # every crop pixel shows what lies 5 px to its right
    _, warped_labels = warp_picture(image, labels, np.eye(3), 40, displacement=bend)
    assert (warped_labels[10:20, 7:17] == 3).all()


def test_relabelling_drops_and_renames() -> None:
    image, labels = square()
    labels[0:5, 0:5] = 7
    table = np.zeros(256, np.uint8)
    table[3] = 1
    _, warped_labels = warp_picture(image, labels, np.eye(3), 40, relabel=table)
    assert set(np.unique(warped_labels)) == {0, 1}
    assert (warped_labels == 1).sum() == 100


def test_a_mirrored_object_beyond_the_edge_is_nobodys() -> None:
    image, labels = square()
    # the picture moves 30 px to the right; its left part shows mirrored, with a second square
    warped, warped_labels = warp_picture(image, labels, shift_by(30, 0), 80)
    assert (warped_labels == 3).sum() == 100
    assert (warped_labels[10:20, 42:52] == 3).all()
    assert (warped_labels[10:20, 9:18] == 255).all()
    assert (warped[15, 12] == (255, 0, 0)).all()


def test_lookup_map_is_the_inverse_matrix() -> None:
    matrix = zoom_about(2.0, (0.0, 0.0)) @ shift_by(3, 1)
    places = lookup_map(np.linalg.inv(matrix)[:2], np.zeros((6, 8, 2), np.float32))
    assert places.shape == (6, 8, 2)
    assert np.allclose(places[4, 6], (6 / 2 - 3, 4 / 2 - 1))


def test_a_pasted_piece_lands_where_the_matrix_says() -> None:
    image, labels = square()
    piece = cut_out(image, labels, 3, (10, 12, 20, 22))
    canvas, ids = np.zeros((60, 60, 3), np.uint8), np.zeros((60, 60), np.uint8)
    paste(canvas, ids, piece, shift_by(20, 30), 2)
    rows, columns = np.nonzero(ids == 2)
    assert abs(rows.min() - 40) <= 1
    assert abs(rows.max() - 49) <= 1
    assert abs(columns.min() - 32) <= 1
    assert abs(columns.max() - 41) <= 1
    assert (canvas[43:47, 35:39] == (255, 0, 0)).all()
    assert (canvas[:35] == 0).all()


def test_a_pasted_edge_is_soft() -> None:
    image, labels = square()
    piece = cut_out(image, labels, 3, (10, 12, 20, 22))
    canvas, ids = np.zeros((60, 60, 3), np.uint8), np.zeros((60, 60), np.uint8)
    paste(canvas, ids, piece, shift_by(20.5, 30.5), 2)
    line = canvas[45, :, 0]
    assert ((line > 20) & (line < 235)).sum() >= 2


def test_what_stands_in_front_hides_a_piece() -> None:
    image, labels = square()
    piece = cut_out(image, labels, 3, (10, 12, 20, 22))
    front = np.zeros((60, 60), np.uint8)
    front[:, :37] = 255
    canvas, ids = np.zeros((60, 60, 3), np.uint8), np.zeros((60, 60), np.uint8)
    paste(canvas, ids, piece, shift_by(20, 30), 2, front=front)
    assert not ids[:, :37].any()
    assert (ids[43:47, 38:40] == 2).all()


def test_a_shrunk_piece_keeps_place_and_area() -> None:
    image = np.full((200, 200, 3), 100, np.uint8)
    labels = np.zeros((200, 200), np.uint8)
    labels[40:160, 60:140] = 1
    piece = cut_out(image, labels, 1, (40, 60, 160, 140))
    canvas, ids = np.zeros((80, 80, 3), np.uint8), np.zeros((80, 80), np.uint8)
    paste(canvas, ids, piece, zoom_about(0.25, (0.0, 0.0)), 1)
    rows, columns = np.nonzero(ids)
    assert abs(rows.mean() - (0.25 * 99.5)) < 0.5
    assert abs(columns.mean() - (0.25 * 99.5)) < 0.5
    assert abs(int(ids.sum()) - 30 * 20) < 80


def test_a_piece_outside_the_crop_changes_nothing() -> None:
    piece = CutOut(np.full((5, 5, 4), 255, np.uint8), 0, 0)
    canvas, ids = np.zeros((20, 20, 3), np.uint8), np.zeros((20, 20), np.uint8)
    paste(canvas, ids, piece, shift_by(100, 0), 2)
    assert not canvas.any()
    assert not ids.any()


def test_a_filled_hole_takes_the_colour_around_it_and_nothing_else_changes() -> None:
    image, labels = square(80)
    filled = fill_hole(image, labels > 0)
    assert np.abs(filled[10:20, 12:22].astype(int) - 100).max() < 12
    far = np.ones((80, 80), bool)
    far[5:26, 7:28] = False
    assert np.array_equal(filled[far], image[far])


def test_an_empty_hole_changes_nothing() -> None:
    image, _ = square()
    assert np.array_equal(fill_hole(image, np.zeros((40, 40), bool)), image)
