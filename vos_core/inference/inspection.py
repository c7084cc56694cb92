"""A closer look at one frame: probabilities, proxies and embeddings, computed when asked for."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from vos_core.errors import UserError
from vos_core.inference.branch import Branch, DigestKey
from vos_core.inference.propagation import ReadFrame
from vos_core.inference.propagator import Propagator
from vos_core.inference.records import PropagatorOptions
from vos_core.inference.results import cluster_maps
from vos_core.networks.contract import Features

MAX_REFERENCES = 8
COLOUR_SPREAD = 2.5
"""Standard deviations of a component that fill half of the colour range."""


@dataclass(frozen=True)
class FrameInspection:
    """What the network knows of one frame beyond its masks; arrays are read-only.

    Corner pixels of every map are corner pixels of the frame.

    Attributes:
        index: Frame index.
        object_ids: Objects of the rows of `probabilities`.
        probabilities: uint8 [O, h4, w4], 255 certain.
        embedding: uint8 [h, w, 3]: the embedding's three principal components as colours.
        cluster_map: uint8 [h8, w8] as in `FrameResult`, None for a network without proxies.
        reference_map: uint8 [h8, w8] as in `FrameResult`.
        reference_frames: Frames of the references matched against.
    """

    index: int
    object_ids: tuple[int, ...]
    probabilities: np.ndarray
    embedding: np.ndarray
    cluster_map: np.ndarray | None
    reference_map: np.ndarray | None
    reference_frames: tuple[int, ...]


class FrameInspector:
    """Looks at single frames of one video; keeps digests of references between two looks.

    Args:
        propagator: The network, loaded.
        read_frame: Gives frame i as uint8 [H, W, 3] RGB.
        options: How inputs are sized; scales and mirroring are not looked at.
    """

    def __init__(
        self,
        propagator: Propagator,
        read_frame: ReadFrame,
        options: PropagatorOptions | None = None,
    ) -> None:
        self._propagator, self._read_frame = propagator, read_frame
        self._options = options or PropagatorOptions()
        self._branch: Branch | None = None
        self._size = (0, 0)
        self._object_ids: tuple[int, ...] = ()
        self._checksums: dict[int, int] = {}
        self._basis: tuple[Tensor, Tensor, Tensor] | None = None

    @torch.inference_mode()
    def inspect(
        self,
        index: int,
        references: Mapping[int, np.ndarray],
        previous: tuple[int, np.ndarray] | None,
        object_ids: Sequence[int],
    ) -> FrameInspection:
        """Segment one frame as a propagation that comes from its neighbour would.

        Args:
            index: Frame to look at; a reference frame is looked at as the others see it, the only
                one as it sees itself.
            references: Frame index to uint8 [H, W] label map; the nearest are matched against.
                Without any there is an embedding only.
            previous: A neighbouring frame and its uint8 [H, W] label map; None takes the nearest
                reference.
            object_ids: Objects to tell apart.

        Raises:
            UserError: If a map has another size than the frame.
        """
        ids = tuple(sorted(object_ids))
        others = sorted((i for i in references if i != index), key=lambda i: abs(i - index))
        others = others or list(references)
        frame = self._read_frame(index)
        branch = self._branch_for(frame.shape[:2], ids)
        features = self._features(branch, index, frame)
        colours = self._colours(embedding_of(features))
        colours.setflags(write=False)
        if not others or not ids:
            nothing = np.zeros((0, *features.grid(4)), np.uint8)
            return FrameInspection(index, (), nothing, colours, None, None, ())
        keys = [DigestKey(i, ids, has_background=True) for i in sorted(others[:MAX_REFERENCES])]
        for key in keys:
            self._digest(branch, key, references[key.frame])
        start, start_map = previous or (others[0], references[others[0]])
        self._check(start, start_map)
        branch.begin(keys, self._features(branch, start), start_map)
        result = branch.step(features)
        probabilities = self._propagator.network.aggregate(result.logits.float())
        clusters = places = None
        if result.cluster_index is not None:
            channels = probabilities.max(0).indices
            clusters, places = cluster_maps(channels, result.cluster_index)
        shown = (probabilities[1:] * 255).round().to(torch.uint8).cpu().numpy()
        for array in (shown, clusters, places):
            if array is not None:
                array.setflags(write=False)
        return FrameInspection(
            index, ids, shown, colours, clusters, places, branch.reference_frames
        )

    def _branch_for(self, size: tuple[int, ...], object_ids: tuple[int, ...]) -> Branch:
        wanted = (int(size[0]), int(size[1]))
        if self._branch is None or wanted != self._size:
            self._size = wanted
            self._branch = Branch(
                self._propagator.network,
                wanted,
                options=self._options,
                scale=1.0,
                flip=False,
                device=self._propagator.device,
            )
            self._checksums.clear()
        if object_ids != self._object_ids:
            self._branch.forget_all()
            self._checksums.clear()
            self._object_ids = object_ids
        return self._branch

    def _digest(self, branch: Branch, key: DigestKey, label_map: np.ndarray) -> None:
        self._check(key.frame, label_map)
        checksum = zlib.crc32(label_map.tobytes())
        if self._checksums.get(key.frame) == checksum and branch.has_digest(key):
            return
        branch.forget(key.frame)
        branch.digest(key, self._features(branch, key.frame), label_map, is_lasting=True)
        self._checksums[key.frame] = checksum

    def _check(self, index: int, label_map: np.ndarray) -> None:
        if label_map.shape != self._size:
            rows, columns = label_map.shape
            raise UserError(
                f"the mask of frame {index} is {columns}x{rows} pixels, the frames are "
                f"{self._size[1]}x{self._size[0]}"
            )

    def _features(self, branch: Branch, index: int, frame: np.ndarray | None = None) -> Features:
        known = branch.known_features(index)
        if known is not None:
            return known
        return branch.encode(index, self._read_frame(index) if frame is None else frame)

    def _colours(self, embedding: Tensor) -> np.ndarray:
        """The three principal components as colours; of the first frame, for all frames alike."""
        points = embedding.float().flatten(1).T
        if self._basis is None:
            self._basis = principal_components(points)
        mean, axes, spread = self._basis
        scaled = (points - mean) @ axes / (2 * COLOUR_SPREAD * spread) + 0.5
        colours = (scaled.clamp(0, 1) * 255).round().to(torch.uint8)
        height, width = embedding.shape[-2:]
        return colours.view(height, width, 3).cpu().numpy()


def embedding_of(features: Features) -> Tensor:
    """Matching embedding of a frame, [C, h, w]: keys at stride 8, or a published network's own."""
    keys = getattr(features, "key8", None)
    embedding: Tensor = features.embeddings[0][0] if keys is None else keys[0]
    return embedding


def principal_components(points: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Directions of largest variance.

    Args:
        points: float32 [P, C], C >= 3.

    Returns:
        (mean [C], axes [C, 3], standard deviations [3], at least 1e-6); each axis points to where
        its largest entry is positive, so that colours do not depend on the solver's choice.
    """
    mean = points.mean(0)
    centred = (points - mean).double()
    _, axes = torch.linalg.eigh(centred.T @ centred / max(len(points), 1))
    axes = axes[:, -3:].flip(1)
    strongest = axes.gather(0, axes.abs().argmax(0)[None])
    axes = axes * torch.where(strongest < 0, -1.0, 1.0)
    spread = (centred @ axes).std(0, unbiased=False).clamp(min=1e-6)
    return mean, axes.float(), spread.float()
