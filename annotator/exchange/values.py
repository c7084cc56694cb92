"""What the values of pixels mean: ids, colours, 255, and edges that somebody smoothed."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from annotator.exchange.errors import DamagedFileError
from annotator.exchange.examination import Examination
from vos_core.media import voc_palette
from vos_core.media.label_maps import MAX_OBJECT_ID, VOID


@dataclass(frozen=True)
class ValueTable:
    """Meaning of every value in all masks of an import.

    Attributes:
        kind: "ids", "deep" or "colours"; the widest that occurs.
        ids: value -> object id, 0 for background. Values that are missing here have no meaning.
        edges: values that occur only in lines one or two pixels wide: edges that were smoothed.
        is_palette: whether all colours are those of the VOC palette.
        is_black_and_white: whether 0 and 255 are all there is.
        void_pixels: pixels of 255 in 8-bit masks.
    """

    kind: str
    ids: dict[int, int]
    edges: frozenset[int]
    is_palette: bool = False
    is_black_and_white: bool = False
    void_pixels: int = 0

    @classmethod
    def of(cls, examinations: Iterable[Examination], declared: Collection[int]) -> ValueTable:
        """Find out what the values mean.

        Args:
            examinations: of all masks.
            declared: ids that the files announce: these are never edges.

        Raises:
            DamagedFileError: kinds are mixed, or there are more values than objects can be.
        """
        seen = list(examinations)
        kinds = {each.kind for each in seen}
        if "colours" in kinds and len(kinds) > 1:
            raise DamagedFileError(
                "some masks hold ids and others colours; import them one kind at a time"
            )
        pixels: dict[int, int] = {}
        solid: set[int] = set()
        for each in seen:
            solid |= each.solid
            for value, count in each.pixels.items():
                pixels[value] = pixels.get(value, 0) + count
        kind = "colours" if "colours" in kinds else "deep" if "deep" in kinds else "ids"
        if kind == "deep" and all(0 <= value <= VOID for value in pixels):
            kind = "ids"
        if kind == "ids":
            return cls._of_ids(pixels, solid, declared)
        return cls._of_wide(kind, pixels, solid, declared)

    @classmethod
    def _of_ids(
        cls, pixels: dict[int, int], solid: set[int], declared: Collection[int]
    ) -> ValueTable:
        is_black_and_white = VOID in pixels and pixels.keys() <= {0, VOID}
        void = pixels.get(VOID, 0)
        thin = frozenset(pixels.keys() - solid - set(declared) - {0, VOID})
        # One or two thin ids are thin objects; edges that were smoothed leave many values, or
        # values between those of solid objects with hardly any pixels.
        edges = thin if len(thin) > 2 and solid else frozenset()
        ids = {value: value for value in pixels if value not in edges and value != VOID}
        if is_black_and_white:
            ids[VOID] = 1
        return cls("ids", ids, edges, False, is_black_and_white, void)

    @classmethod
    def _of_wide(
        cls, kind: str, pixels: dict[int, int], solid: set[int], declared: Collection[int]
    ) -> ValueTable:
        palette = {
            (int(red) << 16) | (int(green) << 8) | int(blue): index
            for index, (red, green, blue) in enumerate(voc_palette())
        }
        main = solid or set(pixels)
        is_palette = kind == "colours" and main <= palette.keys() - {_packed_void(palette)}
        if is_palette:
            ids = {value: palette[value] for value in pixels if palette.get(value, VOID) != VOID}
            if ids.keys() != pixels.keys():  # mixed colours: some of them hit the palette by chance
                sure = set(declared)
                ids = {v: i for v, i in ids.items() if v in main or v == 0 or i in sure}
            return cls(kind, ids, frozenset(pixels.keys() - ids.keys()), True)
        objects = sorted(main - {0})
        if len(objects) > MAX_OBJECT_ID:
            what = "colours" if kind == "colours" else "values"
            raise DamagedFileError(
                f"the masks hold {len(objects)} {what} that fill areas; a mask has at most "
                f"{MAX_OBJECT_ID} objects (are these photographs?)"
            )
        ids = {0: 0} | {value: number for number, value in enumerate(objects, start=1)}
        return cls(kind, ids, frozenset(pixels.keys() - ids.keys()))


def _packed_void(palette: dict[int, int]) -> int:
    return next(value for value, index in palette.items() if index == VOID)
