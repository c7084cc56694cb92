"""Imported objects in place of others, merged by id, as new ones, or each as a person says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from annotator.exchange.choices import LEFT_OUT, NEW_OBJECT, ImportChoices, ImportWay
from annotator.exchange.errors import ExchangeError
from annotator.exchange.exporting import run_export
from annotator.exchange.importing import DocumentSnapshot, import_files, look_at, plan
from annotator.exchange.inspection import ImportReport
from annotator.exchange.options import ExportOptions
from annotator.exchange.registry import format_of
from annotator.model.cells import CellState
from annotator.model.commands import AddObject, RemoveObject, SetCellState
from annotator.model.document import Document
from annotator.model.history import History
from annotator.model.merging import lay_over
from tests.exchange.documents import make_source
from tests.model.states import state_of
from vos_core.media import write_label_map

HEIGHT, WIDTH = 12, 20


def there() -> np.ndarray:
    """Object 1 on the left, object 2 on the right."""
    label_map = np.zeros((HEIGHT, WIDTH), np.uint8)
    label_map[2:10, 1:7] = 1
    label_map[2:10, 12:18] = 2
    return label_map


def coming() -> np.ndarray:
    """Object 1 over the middle and the edge of what was 2, object 3 at the bottom."""
    label_map = np.zeros((HEIGHT, WIDTH), np.uint8)
    label_map[4:8, 8:14] = 1
    label_map[10:12, 0:20] = 3
    return label_map


def masks(tmp_path: Path, label_map: np.ndarray, frames: tuple[int, ...] = (0, 1)) -> Path:
    folder = tmp_path / "masks"
    folder.mkdir(exist_ok=True)
    for frame in frames:
        write_label_map(folder / f"{frame:05d}.png", label_map)
    return folder


@pytest.fixture
def project() -> tuple[Document, History]:
    """Objects 1 and 2 in frames 0 to 3, propagated; there was an object 3 once."""
    document = Document(4, HEIGHT, WIDTH)
    history = History(document)
    for name in ("cat", "dog", "gone"):
        history.do(AddObject.prepare(document, name=name))
    history.do(RemoveObject.prepare(document, 3))
    run = history.begin_propagation()
    for frame in range(4):
        run.add(frame, there(), None, {1: 0.9, 2: 0.8})
    run.close()
    return document, history


def looked(tmp_path: Path, document: Document) -> ImportReport:
    return look_at(masks(tmp_path, coming()), document)


def test_laying_over_by_hand() -> None:
    old = np.array([[1, 1, 2, 2, 3, 3, 0, 0]], np.uint8)
    new = np.array([[5, 0, 5, 2, 5, 3, 5, 0]], np.uint8)
    result = lay_over(old, new, kept_ids=[1], taken_ids=[2, 5])
    assert result.tolist() == [[1, 1, 5, 2, 5, 3, 5, 0]]
    gone = lay_over(old, np.zeros_like(old), kept_ids=[], taken_ids=[3])
    assert gone.tolist() == [[1, 1, 2, 2, 0, 0, 0, 0]]
    assert (lay_over(old, new, kept_ids=[1, 2, 3, 5], taken_ids=[1, 2, 3, 5]) == old).all()


def test_new_objects_get_the_next_free_ids_and_the_others_stay(
    tmp_path: Path, project: tuple[Document, History]
) -> None:
    document, history = project
    before = state_of(document)
    report = looked(tmp_path, document)
    history.do(import_files(document, report, ImportChoices(way=ImportWay.NEW)))
    assert document.objects.ids == (1, 2, 4, 5)  # 3 was given once
    assert document.objects[4].name == "object 4"
    wanted = there()
    wanted[coming() == 1] = 4
    wanted[coming() == 3] = 5
    for frame in (0, 1):
        np.testing.assert_array_equal(document.label_map(frame), wanted)
        assert document.cells.state(frame, 4) is CellState.DRAWN
        assert document.cells.state(frame, 1) is CellState.PROPAGATED
    np.testing.assert_array_equal(document.label_map(2), there())
    history.undo()
    assert state_of(document) == before


def test_merging_exchanges_the_objects_of_the_files_only(
    tmp_path: Path, project: tuple[Document, History]
) -> None:
    document, history = project
    report = looked(tmp_path, document)
    history.do(import_files(document, report, ImportChoices(way=ImportWay.MERGE)))
    wanted = there()
    wanted[wanted == 1] = 0
    wanted[coming() > 0] = coming()[coming() > 0]
    assert document.objects.ids == (1, 2, 3)
    np.testing.assert_array_equal(document.label_map(1), wanted)
    assert (document.label_map(1) == 2).sum() == 48 - 8


def test_replacing_speaks_for_the_whole_frame(
    tmp_path: Path, project: tuple[Document, History]
) -> None:
    document, history = project
    history.do(import_files(document, looked(tmp_path, document), ImportChoices()))
    np.testing.assert_array_equal(document.label_map(0), coming())
    assert document.cells.state(0, 2) is not CellState.PROPAGATED


def test_each_object_becomes_what_a_person_says(
    tmp_path: Path, project: tuple[Document, History]
) -> None:
    document, history = project
    report = looked(tmp_path, document)
    choices = ImportChoices(way=ImportWay.NEW, targets={1: 2, 3: LEFT_OUT})
    history.do(import_files(document, report, choices))
    wanted = there()
    wanted[wanted == 2] = 0
    wanted[coming() == 1] = 2
    assert document.objects.ids == (1, 2)
    np.testing.assert_array_equal(document.label_map(0), wanted)
    history.undo()
    choices = ImportChoices(way=ImportWay.REPLACE, targets={1: NEW_OBJECT, 3: 1})
    history.do(import_files(document, report, choices))
    wanted = np.where(coming() == 1, 4, coming() // 3).astype(np.uint8)
    np.testing.assert_array_equal(document.label_map(0), wanted)
    assert document.objects.ids == (1, 2, 4)


def test_what_a_person_made_stays_on_top_unless_it_may_be_replaced(
    tmp_path: Path, project: tuple[Document, History]
) -> None:
    document, history = project
    history.do(SetCellState.prepare(document, [0], [2], CellState.CORRECTED))
    history.do(SetCellState.prepare(document, [1], [2], CellState.VERIFIED))
    report = looked(tmp_path, document)
    history.do(import_files(document, report, ImportChoices(way=ImportWay.NEW)))
    for frame in (0, 1):
        assert (document.object_mask(frame, 2) == (there() == 2)).all()
        assert (document.label_map(frame) == 4).sum() == 24 - 8
    history.undo()
    choices = ImportChoices(frozenset({"replace"}), ImportWay.NEW)
    history.do(import_files(document, report, choices))
    assert (document.label_map(0) == 4).sum() == 24  # corrected gives way, verified never
    assert (document.label_map(1) == 4).sum() == 24 - 8


def test_states_from_the_sidecar_go_with_their_objects(tmp_path: Path) -> None:
    source = make_source(tmp_path)
    run_export(format_of("davis"), source, tmp_path / "out", ExportOptions())
    document = Document(source.frame_count, source.height, source.width)
    history = History(document)
    for name in ("one", "two"):
        history.do(AddObject.prepare(document, name=name))
    report = look_at(tmp_path / "out", document)
    choices = ImportChoices(report.recommended, ImportWay.NEW)
    history.do(import_files(document, report, choices))
    assert [(r.object_id, r.name) for r in document.objects][2:] == [
        (3, "black cat"),
        (4, "Hündin"),
        (5, "pup & co"),
    ]
    for old, new in zip((2, 5, 9), (3, 4, 5), strict=True):
        np.testing.assert_array_equal(document.cells.states[:, new], source.states[:, old])
        np.testing.assert_array_equal(
            document.cells.reliability_codes[:, new], source.reliability_codes[:, old]
        )


def test_an_object_that_is_added_meanwhile_keeps_its_id(
    tmp_path: Path, project: tuple[Document, History]
) -> None:
    document, history = project
    report, choices = looked(tmp_path, document), ImportChoices(way=ImportWay.NEW)
    planned = plan(report, choices, DocumentSnapshot.of(document, (0, 1)))
    assert planned.fits(document)
    history.do(AddObject.prepare(document, name="meanwhile"))
    assert not planned.fits(document)
    again = plan(report, choices, DocumentSnapshot.of(document, (0, 1)))
    history.do(again.command(document))
    assert document.objects.ids == (1, 2, 4, 5, 6) and not document.cells.frames_of(4)


@pytest.mark.parametrize(
    ("targets", "message"),
    [
        ({7: 1}, "the files hold no object 7; they hold 1, 3"),
        ({1: 255}, "object 1 of the files cannot become 255: ids are 1 to 254"),
    ],
)
def test_choices_that_cannot_be_are_named(
    tmp_path: Path,
    project: tuple[Document, History],
    targets: dict[int, int],
    message: str,
) -> None:
    document, _ = project
    before = state_of(document)
    with pytest.raises(ExchangeError, match=message):
        import_files(document, looked(tmp_path, document), ImportChoices(targets=targets))
    assert state_of(document) == before


def test_too_many_new_objects_are_refused(tmp_path: Path) -> None:
    document = Document(4, HEIGHT, WIDTH)
    history = History(document)
    for _ in range(253):
        history.do(AddObject.prepare(document))
    with pytest.raises(ExchangeError, match=r"2 new objects need 2 free ids.*has 1 of 254"):
        import_files(document, looked(tmp_path, document), ImportChoices(way=ImportWay.NEW))
