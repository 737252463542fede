"""How far apart the results of cuCIM and scikit-image are, as the manifest records it."""

import json
import sys
from collections import Counter, defaultdict
from importlib.resources import files

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot

# Both functions of a pair ran on a machine with an NVIDIA H200. The manifest has the largest
# difference of their results, relative to the largest number in a result. It is read here; no
# function is called.
manifest = json.loads((files("voxbind") / "manifest.json").read_text(encoding="utf-8"))
CLASSES = {"equal": 0.0, "below 1e-6": 1e-6, "below 1e-3": 1e-3, "more": float("inf")}
COLORS = ("#2a788e", "#7ad151", "#fde725", "#d1495b")

pairs: dict[str, Counter[str]] = defaultdict(Counter)
for function in manifest["libraries"]["cucim"]["functions"].values():
    agreement = (function.get("twin") or {}).get("agreement")
    if agreement:
        largest = agreement["relative"]
        name = next(name for name, limit in CLASSES.items() if largest <= limit)
        pairs[function["module"].removeprefix("cucim.skimage.")][name] += 1

modules = sorted(pairs, reverse=True)
for module in reversed(modules):
    print(f"{module:16}", *(f"{pairs[module][name]:4} {name}" for name in CLASSES), sep="  ")
figure, axes = pyplot.subplots(figsize=(7.2, 3.6), dpi=100)
left = [0] * len(modules)
for name, color in zip(CLASSES, COLORS, strict=True):
    counts = [pairs[module][name] for module in modules]
    axes.barh(modules, counts, left=left, color=color, label=name)
    left = [start + count for start, count in zip(left, counts, strict=True)]
axes.set_xlabel("pairs of functions, by the largest relative difference of their results")
axes.legend(frameon=False)
figure.tight_layout()
figure.savefig(sys.argv[1], metadata={"Software": None})
