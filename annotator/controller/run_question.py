"""What a person made within the frames of a run, and whether the run may replace it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from annotator.controller.propagation_plan import MadeCells, RunRequest
from annotator.controller.run_jobs import NothingToDoError, plan_run
from annotator.model.cells import CellState
from annotator.model.document import Document
from annotator.views.main_window import MainWindow
from annotator.views.questions import PersonMadeQuestion


def made_in_range(request: RunRequest, document: Document) -> MadeCells:
    """Masks that a person drew or corrected, of objects and frames that a request names.

    Verified masks and locked objects are not among them: nothing replaces those.

    Args:
        request: Over a range of frames.
        document: As it is now.
    """
    if request.first is None or request.last is None:
        return {}
    wanted = frozenset(document.objects.ids if request.object_ids is None else request.object_ids)
    wanted -= document.locked_ids()
    states = (CellState.DRAWN, CellState.CORRECTED)
    found = {
        frame: wanted & frozenset(document.cells.objects_in(frame, *states))
        for frame in document.cells.person_frames()
        if request.first <= frame <= request.last
    }
    return {frame: ids for frame, ids in found.items() if ids}


def ask_about_made(
    request: RunRequest,
    document: Document,
    window: MainWindow,
    then: Callable[[RunRequest], object],
) -> bool:
    """Open the question that a request needs before it begins.

    Nothing is asked where the range holds nothing that a person made, and where nothing would lead
    into it without that.

    Args:
        request: What was asked for.
        document: As it is now.
        window: Where to ask.
        then: Called with the request as the person wants it; not when the person cancels.

    Returns:
        Whether the question was opened.
    """
    made = made_in_range(request, document)
    replacing = replace(request, replaced=made)
    if not made or not _leads_somewhere(replacing, document):
        return False
    question = PersonMadeQuestion(
        window.actions_table.with_keys(_text(made, document)),
        can_keep=_leads_somewhere(request, document),
        parent=window,
    )
    question.decided.connect(lambda replaces: then(replacing if replaces else request))
    question.open()
    return True


def _leads_somewhere(request: RunRequest, document: Document) -> bool:
    try:
        plan_run(request, document)
    except NothingToDoError:
        return False
    return True


def _text(made: MadeCells, document: Document) -> str:
    ids = sorted(frozenset().union(*made.values()))
    names = ", ".join(document.objects[i].name for i in ids[:3]) + (", …" if len(ids) > 3 else "")
    frames = sorted(made)
    shown = ", ".join(map(str, frames[:4])) + (", …" if len(frames) > 4 else "")
    where = f"frame {shown}" if len(frames) == 1 else f"{len(frames)} frames ({shown})"
    return (
        f"You drew or corrected {names} in {where} of this range. Shall propagation replace these "
        "masks? Verified masks stay in any case, and [edit.undo] takes the run back."
    )
