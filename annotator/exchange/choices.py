"""What a person decides about an import: mends, what becomes of which object, and of the others."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from annotator.exchange.errors import ExchangeError
from annotator.exchange.findings import KEEP, LEAVE_OUT, RENUMBER, REPLACE, SHIFT
from annotator.exchange.inspection import ImportReport
from annotator.model.objects import MAX_OBJECT_ID, MIN_OBJECT_ID

NEW_OBJECT = -1
"""In `ImportChoices.targets`: the object becomes one of its own, with the next free id."""
LEFT_OUT = 0
"""In `ImportChoices.targets`: the object is not imported."""


class ImportWay(StrEnum):
    """What happens to the objects that are there already."""

    REPLACE = "replace"
    """The masks of a frame stand for all of it: objects that they do not show go from it."""
    MERGE = "merge"
    """Objects of the files take the place of those with the same id; the others stay."""
    NEW = "new"
    """Objects of the files come as new ones, with the next free ids; all others stay."""

    @property
    def lays_over(self) -> bool:
        """Whether objects stay that the files say nothing of."""
        return self is not ImportWay.REPLACE


WAYS: dict[ImportWay, str] = {
    ImportWay.REPLACE: "replace all masks of the frames that have a mask in the files",
    ImportWay.MERGE: "merge with the objects of the same ids; the others stay",
    ImportWay.NEW: "add as new objects with the next free ids; all others stay",
}
"""Every way there is: what it does."""


@dataclass(frozen=True)
class ImportChoices:
    """What was decided.

    Attributes:
        mends: keys of the accepted mends; those that were not offered do nothing.
        way: what happens to objects that are there already.
        targets: id in the files -> id in the project, `NEW_OBJECT` or `LEFT_OUT`; ids that are
            missing follow the way.
    """

    mends: frozenset[str] = frozenset()
    way: ImportWay = ImportWay.REPLACE
    targets: Mapping[int, int] = field(default_factory=dict)

    @classmethod
    def of(cls, *mends: str) -> ImportChoices:
        """Some mends and nothing else."""
        return cls(frozenset(mends))

    @property
    def accepted(self) -> frozenset[str]:
        """Accepted mends; adding and merging keep what a person made unless they may replace it."""
        if self.way.lays_over and REPLACE not in self.mends:
            return self.mends | {KEEP}
        return self.mends

    def target_of(self, found_id: int) -> int:
        """What an object becomes, as it was decided: an id, `NEW_OBJECT` or `LEFT_OUT`."""
        default = NEW_OBJECT if self.way is ImportWay.NEW else found_id
        return self.targets.get(found_id, default)


def frames_of(report: ImportReport, choices: ImportChoices) -> dict[int, int]:
    """Frame of the project -> number in the files, of every mask that is to be imported."""
    accepted = {mend.key for mend in report.mends} & choices.accepted
    numbers = sorted(report.found.masks)
    shift = numbers[0] if SHIFT in accepted else 0
    frames = {number - shift: number for number in numbers}
    if LEAVE_OUT in accepted or shift:
        count = report.target.frame_count
        frames = {index: number for index, number in frames.items() if index < count}
    if KEEP in accepted and REPLACE not in accepted and not choices.way.lays_over:
        made = report.target.person_frames
        frames = {index: number for index, number in frames.items() if index not in made}
    return frames


@dataclass(frozen=True)
class Assignment:
    """Ids in the files, and what becomes of them.

    Attributes:
        ids: id in the files -> id in the project; 0 for those that are left out.
        new_ids: ids that are to be free in the project.
    """

    ids: Mapping[int, int]
    new_ids: frozenset[int]


def assign_ids(
    found_ids: Iterable[int],
    choices: ImportChoices,
    accepted: Collection[str],
    known_ids: Collection[int],
    highest_id: int,
) -> Assignment:
    """Give every object of the files its id in the project.

    Args:
        found_ids: ids in the files.
        choices: of the person.
        accepted: mends that were offered and accepted.
        known_ids: ids of the project's objects.
        highest_id: highest id that an object of the project ever had.

    Raises:
        ExchangeError: somebody asked for an object that is not in the files, or for an id that
            cannot be, or there are more new objects than free ids.
    """
    found = sorted(found_ids)
    strangers = sorted(choices.targets.keys() - set(found))
    if strangers:
        raise ExchangeError(f"the files hold no object {strangers[0]}; they hold {_listed(found)}")
    numbers = {old: number for number, old in enumerate(found, start=1)}
    ids: dict[int, int] = {}
    fresh: list[int] = []
    for old in found:
        target = choices.target_of(old)
        if target == NEW_OBJECT:
            fresh.append(old)
        elif target == LEFT_OUT or MIN_OBJECT_ID <= target <= MAX_OBJECT_ID:
            is_own = old not in choices.targets and RENUMBER in accepted
            ids[old] = numbers[old] if is_own else target
        else:
            raise ExchangeError(
                f"object {old} of the files cannot become {target}: ids are {MIN_OBJECT_ID} to "
                f"{MAX_OBJECT_ID}"
            )
    taken = {*known_ids, *ids.values()}
    free = [i for i in _from_next(highest_id) if i not in taken]
    if len(fresh) > len(free):
        raise ExchangeError(
            f"{len(fresh)} new objects need {len(fresh)} free ids, and the project has "
            f"{len(free)} of {MAX_OBJECT_ID} left; leave some out, or remove objects first"
        )
    new = dict(zip(fresh, free, strict=False))
    return Assignment(ids | new, frozenset(new.values()))


def _from_next(highest_id: int) -> list[int]:
    """All ids in the order in which new objects get them."""
    after = range(highest_id + 1, MAX_OBJECT_ID + 1)
    return [*after, *range(MIN_OBJECT_ID, min(highest_id, MAX_OBJECT_ID) + 1)]


def _listed(ids: list[int]) -> str:
    return ", ".join(map(str, ids[:12])) + (" …" if len(ids) > 12 else "") if ids else "none"
