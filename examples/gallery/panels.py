"""Draws arrays side by side, each below its title, for the other scripts of this folder."""

from __future__ import annotations

from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

TITLE = 22  # pixels above an image
GAP = 8


def save(path: str, height: int = 200, **images: Any) -> None:
    """Write a PNG with a panel for each image.

    Parameters
    ----------
    path
        The file to write.
    height
        Height of each image in pixels; it is enlarged or reduced by elements.
    **images
        (Y, X) arrays, or (Y, X, 3) colors from 0 to 255, by title; ``_`` stands for a space.
        Whole numbers are labels and get a color each, all others are shades of grey.
    """
    panels = [_scaled(_colors(np.asarray(image)), height) for image in images.values()]
    widths = [max(panel.width, 110) for panel in panels]
    size = (sum(widths) + GAP * (len(panels) + 1), height + TITLE + GAP)
    picture = Image.new("RGB", size, "white")
    draw, left = ImageDraw.Draw(picture), GAP
    for title, panel, width in zip(images, panels, widths, strict=True):
        font = ImageFont.load_default(13)
        draw.text((left, 3), title.replace("_", " "), "black", font)
        picture.paste(panel, (left, TITLE))
        left += width + GAP
    picture.quantize(128, dither=Image.Dither.NONE).save(path, optimize=True)


def _scaled(colors: np.ndarray[Any, Any], height: int) -> Image.Image:
    panel = Image.fromarray(colors)
    width = round(panel.width * height / panel.height)
    return panel.resize((width, height), Image.Resampling.NEAREST)


def _colors(image: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return an image as (Y, X, 3) bytes."""
    if image.ndim == 3:
        return image.astype(np.uint8)
    if image.dtype.kind in "iu":  # hues that differ for neighbouring labels; black is no object
        phases = image[..., np.newaxis] * 2.4 + np.array([0.0, 2.1, 4.2])
        return ((np.sin(phases) * 0.4 + 0.6) * 255 * (image != 0)[..., np.newaxis]).astype(np.uint8)
    shades = image.astype(float) - float(image.min())
    shades = (255 * shades / (float(shades.max()) or 1.0)).round().astype(np.uint8)
    return np.repeat(shades[..., np.newaxis], 3, axis=2)
