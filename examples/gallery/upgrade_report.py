"""What a new version of a library changes: the report of scikit-image 0.26, by kind of change."""

import re
import sys
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot

# `voxbind compare scikit-image==0.25.2 scikit-image==0.26.0 --markdown` installs both versions,
# measures both, and writes this report. The repository keeps it.
folder = Path(__file__).parents[2] / "docs" / "changes"
report = (folder / "scikit-image-0.25.2-0.26.0.md").read_text(encoding="utf-8")

entries: dict[str, list[str]] = {}
for section in report.split("\n### ")[1:]:
    heading, _, text = section.partition("\n")
    entries[heading] = re.findall(r"^- (.*)$", text, re.MULTILINE)
for heading, lines in entries.items():
    print(f"{heading}: {len(lines)} entries, such as\n  {lines[0][:110]}" if lines else heading)

headings = [heading for heading, lines in reversed(entries.items()) if lines]
counts = [len(entries[heading]) for heading in headings]
figure, axes = pyplot.subplots(figsize=(7.2, 3.2), dpi=100)
bars = axes.barh(headings, counts, color="#2a788e")
axes.bar_label(bars, padding=3)
axes.set_xlabel("entries in the report, scikit-image 0.25.2 to 0.26.0")
axes.spines[["top", "right"]].set_visible(False)
figure.tight_layout()
figure.savefig(sys.argv[1], metadata={"Software": None})
