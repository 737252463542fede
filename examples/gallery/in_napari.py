"""A function in napari's window: its form, and its result as a layer.

Without a screen: ``xvfb-run -a -s "-screen 0 1400x1000x24" python in_napari.py PICTURE``.
"""

import sys
import time

import napari
import numpy as np
from PIL import Image
from qtpy.QtWidgets import QApplication

from voxbind._napari import forms

# Synthetic cells, axes (Z, Y, X), with the scale of a microscope in micrometers.
random = np.random.default_rng(0)
z, y, x = np.mgrid[:8, :128, :160]
volume = random.normal(0, 0.05, z.shape)
for center in random.uniform((2, 12, 12), (6, 116, 148), (24, 3)):
    squared = (2 * z - 2 * center[0]) ** 2 + (y - center[1]) ** 2 + (x - center[2]) ** 2
    volume += np.exp(-squared / 60)

viewer = napari.Viewer(show=True)
viewer.add_image(volume, name="cells", scale=(2.0, 0.5, 0.5))
viewer.window.resize(1100, 700)

# The same form opens from the menu: Layers > Filter > skimage.filters > gaussian.
name = "skimage.filters.gaussian"
widget = forms.form(name, viewer)
viewer.window.add_dock_widget(widget, name=name)
widget.form.start()
limit = time.monotonic() + 120
while widget.form.cancel.enabled and time.monotonic() < limit:
    QApplication.instance().processEvents()
    time.sleep(0.01)
QApplication.instance().processEvents()

print(*(f"{type(layer).__name__} {layer.name}" for layer in viewer.layers), sep="\n")
viewer.screenshot(sys.argv[1], canvas_only=False)
viewer.close()
with Image.open(sys.argv[1]) as picture:
    small = picture.convert("RGB").resize((picture.width * 3 // 4, picture.height * 3 // 4))
small.quantize(64).save(sys.argv[1], optimize=True)
