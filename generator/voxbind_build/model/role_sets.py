"""What a parameter that takes an array may be for."""

from __future__ import annotations

IMAGE_ROLES = frozenset(
    {
        "image",
        "colour image",
        "mask",
        "byte mask",
        "labels",
        "markers",
        "edges",
        "seed",
        "ceiling",
        "level set",
        "low or map",
        "high or map",
        "map",
    }
)
"""Roles of parameters whose arrays have the image's spatial shape: cut along Z together."""

OUTPUT_ROLES = frozenset(
    {
        "output",
        "output along x and y",
        "output along x and z",
        "output along y and z",
        "output of a column a label",
        "output of every second plane",
    }
)
"""Roles of parameters that a function writes its result into."""

WHOLE_ROLES = frozenset(
    {
        "start point",
        "end point",
        "points",
        "columns of points",
        "altitude",
        "label matrix",
        "label values",
        "flags",
        "vertices",
        "faces",
        "co-occurrences",
        "distances",
        "haar coordinates",
        "descriptors",
        "coordinates",
        "moments",
        "hough space",
        "rows",
        "angles",
        "radii",
        "tree",
        "values",
        "new values",
        "snake",
        "footprint",
        "footprint sequence",
        "histogram",
        "index",
        "offset",
        "colour",
        "weights",
        "psf",
        "regularisation",
        "template",
        "stain matrix",
        "spectrum",
        "matrix",
        "inverse map",
        "priority",
    }
)
"""Roles of parameters that take other arrays: converted, never cut."""
