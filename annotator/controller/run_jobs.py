"""From what a person asked for to the job that the worker runs."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from annotator.controller.propagation_plan import (
    PropagationPlan,
    RunRequest,
    plan_propagation,
    plan_range,
    plan_to_barrier,
)
from annotator.controller.workspace import Workspace
from annotator.model.cells import CellState
from annotator.model.document import Document
from annotator.worker.jobs import Direction, PropagationJob


class NothingToDoError(Exception):
    """A request that cannot become a job; the message tells a person why."""


@dataclass(frozen=True)
class PlannedRun:
    """A request with everything known that its run will do.

    Attributes:
        request: What was asked for, its objects settled.
        plan: Which frames it covers.
        references: Reference frames with the objects that each speaks of; masks that are replaced
            are not among them.
        visits: Frames to compute, about.
        object_count: Objects that travel.
    """

    request: RunRequest
    plan: PropagationPlan
    references: dict[int, tuple[int, ...]]
    visits: int
    object_count: int

    def job(self, number: int, workspace: Workspace) -> PropagationJob:
        """Return the job for the worker, with copies of the references as they are now."""
        document, plan, request = workspace.document, self.plan, self.request
        references = {i: document.label_map(i) for i in self.references}
        for frame, ids in request.replaced.items():
            if frame in references:
                label_map = references[frame]
                references[frame] = np.where(np.isin(label_map, sorted(ids)), 0, label_map)
        known = dict(self.references)
        for frame in plan.borders:
            references[frame] = document.label_map(frame)
            known[frame] = document.known_objects(frame)
        return PropagationJob(
            number=number,
            frames_path=workspace.sequence.path,
            references=references,
            known=known,
            direction=plan.direction,
            start=plan.start,
            first=plan.first,
            last=plan.last,
            both_sides=request.both_sides,
            object_ids=request.object_ids,
            mode=request.mode,
        )


def plan_run(request: RunRequest, document: Document) -> PlannedRun:
    """Settle what a request means for the document as it is now.

    Raises:
        NothingToDoError: There is nothing to carry, or no frame to carry it to.
    """
    references = _references(request, document)
    if not any(references.values()):
        raise NothingToDoError(
            "Paint an object on some frame first: there is nothing to carry yet."
        )
    object_ids = _unlocked(request, document, references)
    request = replace(request, object_ids=object_ids)
    plan = _plan(request, document, references)
    if plan is None:
        raise NothingToDoError(
            "No reference and no mask beside these frames leads into them; paint the objects on "
            "one of them, or propagate from a frame that shows them."
        )
    spoken = {i: _wanted(ids, object_ids) for i, ids in references.items()}
    if not plan.targets(spoken):
        where = {
            Direction.FORWARD: f"after frame {plan.start}",
            Direction.BACKWARD: f"before frame {plan.start}",
            Direction.BOTH: f"from {plan.first} to {plan.last}",
        }[plan.direction]
        raise NothingToDoError(f"There is no frame left {where} that a person has not made.")
    visits = plan.visit_count(spoken, both_sides=request.both_sides)
    carried = frozenset[int]().union(*spoken.values())
    return PlannedRun(request, plan, references, visits, len(carried))


def _references(request: RunRequest, document: Document) -> dict[int, tuple[int, ...]]:
    """Reference frames and the objects that each speaks of, without what is to be replaced."""
    found = {}
    for frame in document.reference_frames():
        known, given_up = document.known_objects(frame), request.replaced.get(frame)
        if given_up is None:
            found[frame] = known
        elif left := tuple(i for i in known if i not in given_up):
            found[frame] = left
    return found


def _plan(
    request: RunRequest, document: Document, references: dict[int, tuple[int, ...]]
) -> PropagationPlan | None:
    count = document.frame_count
    if request.first is not None and request.last is not None:
        first, last = max(request.first, 0), min(request.last, count - 1)

        def has_masks(frame: int) -> bool:
            if not 0 <= frame < count or frame in references:
                return False
            known = document.known_objects(frame)
            return bool(known) and set(request.object_ids or known) <= set(known)

        return plan_range(first, last, references, has_masks)
    if request.to_verified:
        barriers = verified_frames(document)
        return plan_to_barrier(request.direction, request.frame, references, barriers, count)
    return plan_propagation(request.direction, request.frame, references, count)


def _wanted(ids: tuple[int, ...], object_ids: tuple[int, ...] | None) -> tuple[int, ...]:
    return ids if object_ids is None else tuple(i for i in ids if i in object_ids)


def _unlocked(
    request: RunRequest, document: Document, references: dict[int, tuple[int, ...]]
) -> tuple[int, ...] | None:
    """Objects that travel: the wanted ones that are not locked; None when that is all of them."""
    locked = document.locked_ids()
    if request.object_ids is None and not locked:
        return None
    wanted = document.objects.ids if request.object_ids is None else request.object_ids
    shown = frozenset[int]().union(*references.values())
    object_ids = tuple(i for i in wanted if i not in locked)
    if not object_ids:
        raise NothingToDoError(
            "Every object that was to be carried is locked; unlock one ([object.lock])."
        )
    if not shown.intersection(object_ids):
        names = ", ".join(document.objects[i].name for i in object_ids)
        raise NothingToDoError(f"No reference frame shows {names}; paint it on a frame first.")
    return object_ids


def verified_frames(document: Document) -> tuple[int, ...]:
    """Frames in which everything that is known is verified, ascending."""
    return tuple(
        frame
        for frame in document.cells.person_frames()
        if document.cells.objects_in(frame, CellState.VERIFIED) == document.known_objects(frame)
    )
