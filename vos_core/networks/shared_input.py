"""A stage's input of the ensembler with everything that labels share worked out once."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from vos_core.networks.folded_rows import as_rows, energies
from vos_core.networks.stage_input import StageInput
from vos_core.ops.product import product


@dataclass(frozen=True)
class SharedInput:
    """A stage's input with everything that labels share worked out.

    Attributes:
        source: The input.
        rows: ``[P, C1 + C2]``, or ``[P, C1 + C2 + C3]`` when there is a previous embedding. The
            first C1 columns are room for the maps of the label in hand.
        members: Per label, the pixels of the previous frame that it owns.
        shared_energy: ``[C2]``.
        inside_energy: ``[L, C3]`` or None.
        total_energy: ``[C3]`` or None.
    """

    source: StageInput
    rows: Tensor
    members: tuple[Tensor, ...]
    shared_energy: Tensor
    inside_energy: Tensor | None
    total_energy: Tensor | None

    @classmethod
    def of(cls, source: StageInput) -> SharedInput:
        """Work out what labels share."""
        parts = [as_rows(source.shared)]
        if source.previous is not None:
            parts.append(as_rows(source.previous))
        own = source.own.shape[1]
        rows = torch.cat([parts[0].new_empty(len(parts[0]), own), *parts], dim=1)
        shared_energy = energies(parts[0])
        if source.previous is None:
            return cls(source, rows, (), shared_energy, None, None)
        flat = source.labels.flatten()
        members = tuple(
            torch.nonzero(flat == label).squeeze(1) for label in range(source.label_count)
        )
        return cls(
            source=source,
            rows=rows,
            members=members,
            shared_energy=shared_energy,
            inside_energy=torch.stack([energies(parts[1][own]) for own in members]),
            total_energy=energies(parts[1]),
        )

    def own_rows(self, label: int) -> Tensor:
        """Return the label's own maps as ``[P, C1]``."""
        return as_rows(self.source.own[label : label + 1])

    def energy(self, label: int, own_rows: Tensor) -> Tensor:
        """Return the energies of the label's written-out input, ``[C]``."""
        parts = [self.shared_energy]
        if self.inside_energy is not None and self.total_energy is not None:
            inside = self.inside_energy[label]
            parts += [inside, (self.total_energy - inside).clamp(min=0)]
        parts.insert(0 if self.source.own_comes_first else len(parts), energies(own_rows))
        return torch.cat(parts)

    def project(self, label: int, own_rows: Tensor, weight: Tensor) -> Tensor:
        """Multiply the label's written-out input with ``weight`` ``[out, C]``: ``[P, out]``."""
        own_count, shared_count = own_rows.shape[1], self.source.shared.shape[1]
        if self.source.own_comes_first:
            own_weight, rest = weight[:, :own_count], weight[:, own_count:]
        else:
            rest, own_weight = weight[:, :-own_count], weight[:, -own_count:]
        self.rows[:, :own_count] = own_rows
        if self.source.previous is None:
            return product(self.rows, torch.cat([own_weight, rest], dim=1))
        current = rest[:, :shared_count]
        inside, outside = rest[:, shared_count:].chunk(2, dim=1)
        pixels = self.members[label]
        smaller, larger = inside, outside
        if 2 * len(pixels) > len(self.rows):
            # the label owns most of the frame: cover everything with "inside", correct the rest
            is_outside = torch.ones(len(self.rows), dtype=torch.bool, device=pixels.device)
            is_outside[pixels] = False
            pixels = torch.nonzero(is_outside).squeeze(1)
            smaller, larger = outside, inside
        out = product(self.rows, torch.cat([own_weight, current, larger], dim=1))
        if len(pixels):
            previous = self.rows[pixels, own_count + shared_count :]
            out.index_add_(0, pixels, product(previous, smaller - larger))
        return out
