"""Colour, blur and noise of clips, and damage to label maps in the role of a prediction."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np


@dataclass(frozen=True)
class ColourChange:
    """One affine change of colour and one tone curve, the same for every frame of a clip."""

    matrix: np.ndarray
    curve: np.ndarray

    @classmethod
    def draw(
        cls, rng: np.random.Generator, strength: float = 1.0, gray: bool = False
    ) -> ColourChange:
        """Draw a change of saturation, hue, gain, contrast, brightness and gamma."""
        luma = np.array([0.299, 0.587, 0.114])
        saturation = 0.0 if gray else 1.0 + strength * rng.uniform(-0.35, 0.35)
        mixing = saturation * np.eye(3) + (1.0 - saturation) * luma[None, :]
        turn = strength * rng.normal(0.0, 0.06)
        cosine, third, sine = np.cos(turn), (1 - np.cos(turn)) / 3, np.sin(turn) / np.sqrt(3.0)
        hue = np.full((3, 3), third) + cosine * np.eye(3)
        hue += sine * np.array([[0.0, -1.0, 1.0], [1.0, 0.0, -1.0], [-1.0, 1.0, 0.0]])
        cast = np.ones(3) if gray else 1.0 + strength * rng.normal(0.0, 0.04, size=3)
        contrast = 1.0 + strength * rng.uniform(-0.25, 0.25)
        offset = strength * rng.uniform(-22.0, 22.0) + 118.0 * (1.0 - contrast)
        linear = np.diag(cast) @ mixing @ hue * contrast
        matrix = np.column_stack([linear, np.full(3, offset)]).astype(np.float32)
        gamma = float(np.exp(strength * rng.normal(0.0, 0.15)))
        curve = np.clip(255.0 * (np.arange(256) / 255.0) ** gamma, 0, 255).astype(np.uint8)
        return cls(matrix, curve)

    def apply(self, image: np.ndarray) -> np.ndarray:
        """Return the changed uint8 [H, W, 3]; alpha of an [H, W, 4] is kept."""
        if image.shape[2] == 3:
            return cv2.LUT(cv2.transform(image, self.matrix), self.curve)
        changed = np.empty_like(image)
        changed[..., :3] = self.apply(np.ascontiguousarray(image[..., :3]))
        changed[..., 3] = image[..., 3]
        return changed


Effect = Callable[[np.ndarray, np.random.Generator], np.ndarray]


def draw_effect(rng: np.random.Generator) -> Effect:
    """Draw one damage with fixed parameters: blur, motion blur, Gaussian noise or salt-and-pepper.

    The kinds are those of the robustness benchmark (AOC paper), at its strengths and below.
    """
    kind = int(rng.integers(0, 4))
    if kind == 0:
        kernel = int(rng.choice([3, 5, 7, 9]))
        return lambda image, _: cv2.GaussianBlur(image, (kernel, kernel), 0)
    if kind == 1:
        streak = _streak(int(rng.integers(3, 12)), float(rng.uniform(0.0, np.pi)))
        return lambda image, _: cv2.filter2D(image, -1, streak)
    if kind == 2:
        return _shifted_noise(float(rng.uniform(4.0, 28.0)), int(rng.integers(2**63)))
    share = float(np.exp(rng.uniform(np.log(0.001), np.log(0.012))))
    return lambda image, noise: add_salt_and_pepper(
        image, round(share * image.shape[0] * image.shape[1]), noise
    )


def _shifted_noise(sigma: float, seed: int) -> Effect:
    """Gaussian noise, drawn once a clip and moved at random for each frame (drawing is slow)."""
    planes: list[np.ndarray] = []

    def apply(image: np.ndarray, noise: np.random.Generator) -> np.ndarray:
        if not planes:
            drawn = np.random.default_rng(seed).standard_normal(image.shape, dtype=np.float32)
            planes.append(np.rint(drawn * np.float32(sigma)).astype(np.int16))
        shift = tuple(int(v) for v in noise.integers(0, image.shape[0], size=2))
        return cv2.add(image, np.roll(planes[0], shift, axis=(0, 1)), dtype=cv2.CV_8U)

    return apply


def add_gaussian_noise(image: np.ndarray, sigma: float, rng: np.random.Generator) -> np.ndarray:
    """Add normal noise of standard deviation ``sigma`` (of 255) to a uint8 [H, W, 3], clipped."""
    noise = rng.standard_normal(image.shape, dtype=np.float32) * np.float32(sigma)
    return np.clip(np.rint(image + noise), 0, 255).astype(np.uint8)


def add_salt_and_pepper(image: np.ndarray, points: int, rng: np.random.Generator) -> np.ndarray:
    """Set ``points`` random pixels (with repetition) of a uint8 [H, W, 3] to black or white."""
    height, width = image.shape[:2]
    changed = image.copy()
    rows, columns = rng.integers(0, height, points), rng.integers(0, width, points)
    changed[rows, columns] = (rng.integers(0, 2, points) * 255).astype(np.uint8)[:, None]
    return changed


def perturb_label_map(label_map: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Damage a previous frame's label map as a network would: shift, dilate, erode, lose a part.

    Each object gets its own damage, up to about 6 % of the map's side; ids do not change and 255
    stays.

    Args:
        label_map: uint8 [H, W].
        rng: Source of randomness.

    Returns:
        uint8 [H, W], a new array.
    """
    height, width = label_map.shape
    changed = np.where(label_map == 255, label_map, 0).astype(np.uint8)
    reach = max(1.0, 0.03 * min(height, width))
    ids = np.unique(label_map)
    for object_id in rng.permutation(ids[(ids > 0) & (ids < 255)]):
        mask = (label_map == object_id).astype(np.uint8)
        kind = int(rng.integers(0, 4))
        if kind == 0:
            move = np.array(
                [[1, 0, rng.normal(0, reach)], [0, 1, rng.normal(0, reach)]], np.float32
            )
            mask = cv2.warpAffine(mask, move, (width, height), flags=cv2.INTER_NEAREST)
        elif kind in (1, 2):
            radius = int(rng.integers(1, max(2, round(0.7 * reach)) + 1))
            disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
            mask = cv2.dilate(mask, disc) if kind == 1 else cv2.erode(mask, disc)
        else:
            _cut_part(mask, rng)
        changed[(mask != 0) & (changed != 255)] = object_id
    return changed


def _cut_part(mask: np.ndarray, rng: np.random.Generator) -> None:
    """Erase a disc around a random pixel of the mask, in place."""
    rows, columns = np.nonzero(mask)
    if len(rows) == 0:
        return
    pick = int(rng.integers(0, len(rows)))
    radius = max(1, round(float(np.sqrt(len(rows))) * rng.uniform(0.1, 0.35)))
    cv2.circle(mask, (int(columns[pick]), int(rows[pick])), radius, 0, -1)


def _streak(length: int, angle: float) -> np.ndarray:
    side = length | 1
    kernel = np.zeros((side, side), np.float32)
    middle = side // 2
    reach = np.array([np.cos(angle), np.sin(angle)]) * middle
    ends = np.rint([middle - reach, middle + reach]).astype(int)
    cv2.line(kernel, tuple(map(int, ends[0])), tuple(map(int, ends[1])), 1.0)
    return kernel / kernel.sum()
