"""All properties of a call other than the function: the image, and how arguments are chosen."""

from __future__ import annotations

from dataclasses import dataclass

from voxbind_build.probe.inputs.images import SIZES, Array, colour_image, image

__all__ = ["Arrangement"]


@dataclass(frozen=True)
class Arrangement:
    """All properties of a call other than the function."""

    content: str
    dtype: str
    ndim: int
    size: str = "small"
    channels: int = 0
    choice: tuple[tuple[str, int], ...] = ()
    """Index of the candidate for each parameter that doesn't get its first candidate."""
    fills: bool = False
    """Whether optional arguments that may be necessary are passed."""
    flat: str = ""
    """Which arguments beside a volume are made for an image: ``whole`` for those that aren't images
    themselves, ``all`` for all; empty for none."""
    idle: bool = False
    """Whether options without an effect at their defaults keep their defaults."""
    named_channels: bool = True
    """Whether ``channel_axis`` is passed."""

    @property
    def shape(self) -> tuple[int, ...]:
        """The spatial shape."""
        if self.ndim == 1:
            return SIZES[self.size][2][1:]
        return SIZES[self.size][self.ndim]

    @property
    def case(self) -> str:
        """The case in words: ``image of grey``, ``colour volume of grey``."""
        space = {1: "row", 2: "image", 3: "volume"}[self.ndim]
        colour = "colour " if self.channels else ""
        return f"{colour}{space} of {self.content}"

    def main(self) -> Array:
        """Make the image."""
        if self.channels:
            return colour_image(self.shape, self.content, self.dtype, channels=self.channels)
        return image(self.shape, self.content, self.dtype)
