"""Makes and runs the forms of voxbind's plugin in a napari without a person.

``python napari_session.py forms NAME...`` makes the form of every function, and presses Run in the
forms of the named ones; ``screenshot FILE NAME...`` draws the window with the form of the last one.
The results are printed as JSON, or why napari can't be imported. A process of its own, because an
application of Qt lasts as long as its process.
"""

from __future__ import annotations

import gc
import json
import sys
import time
from typing import Any

import numpy as np

try:
    from napari.components import ViewerModel
    from qtpy.QtWidgets import QApplication
except ImportError as error:
    print(json.dumps({"lack": f"{error}"}))
    sys.exit()

from voxbind import registry
from voxbind._napari import forms

SCALE = (2.0, 0.5, 0.5)
SECONDS = 120.0


def images() -> tuple[Any, Any]:
    """Return a volume with three blobs, and their labels."""
    volume = np.random.default_rng(0).random((5, 40, 48)) * 0.1
    labels = np.zeros(volume.shape, np.int32)
    for number, (y, x) in enumerate([(8, 8), (25, 12), (20, 36)], start=1):
        labels[1:4, y : y + 7, x : x + 7] = number
    return volume + (labels > 0), labels


def fill(viewer: Any) -> Any:
    """Add the volume and the labels as layers."""
    volume, labels = images()
    viewer.add_image(volume, name="cells", scale=SCALE)
    viewer.add_labels(labels, name="nuclei", scale=SCALE)
    return viewer


def wait(application: Any, form: Any) -> None:
    """Let Qt work until the form's run has ended."""
    limit = time.monotonic() + SECONDS
    while form.cancel.enabled and time.monotonic() < limit:
        application.processEvents()
        time.sleep(0.01)
    for _ in range(3):  # the layout follows a changed text in the next round
        application.processEvents()


def run(application: Any, call: str) -> dict[str, Any]:
    """Press Run in the form of a function, and tell what came of it.

    ``name@layer`` chooses this layer for the first image; ``name@`` has a viewer without layers.
    """
    name, at, layer = call.partition("@")
    viewer = ViewerModel() if at and not layer else fill(ViewerModel())
    form = forms.form(name, viewer).form
    if layer:
        form.fields[registry.functions()[name].arrays[0]].widget.value = viewer.layers[layer]
    before = [*viewer.layers]
    program = form.program() if filled(form) else ""
    form.start()
    wait(application, form)
    added = [layer for layer in viewer.layers if layer not in before]
    if not added:
        return {"message": form.message.value, "program": program, "layers": []}
    namespace: dict[str, Any] = {"viewer": viewer}
    exec(program, namespace)
    result = namespace["result"]
    expected = np.asarray(result[0] if isinstance(result, tuple) else result)
    return {
        "message": form.message.value,
        "program": program,
        "layers": [
            {
                "type": type(layer).__name__,
                "name": layer.name,
                "scale": [*map(float, layer.scale)],
                "function": layer.metadata["voxbind"]["function"],
                "equal": bool(np.array_equal(layer.data, expected, equal_nan=True)),
            }
            for layer in added
        ],
    }


def cancelled(application: Any) -> dict[str, Any]:
    """Press Cancel in a run over many time points, and return what the form showed meanwhile."""
    viewer = ViewerModel()
    viewer.add_image(np.zeros((4000, 64, 64)), name="movie", axis_labels=("t", "y", "x"))
    form = forms.form("skimage.filters.gaussian", viewer).form
    form.start()
    limit = time.monotonic() + SECONDS
    steps: set[int] = set()
    while len(steps) < 2 and time.monotonic() < limit:
        application.processEvents()
        if form.bar.max == 4000 and form.bar.value:
            steps.add(form.bar.value)
    form.stop()
    said = form.message.value
    wait(application, form)
    return {
        "steps": sorted(steps),
        "said": said,
        "message": form.message.value,
        "is_ready": form.run.enabled and not form.cancel.enabled,
        "layers": [layer.name for layer in viewer.layers],
    }


def copied() -> dict[str, str]:
    """Press Copy as Python, and return the program and what is on the clipboard."""
    form = forms.form("skimage.filters.gaussian", fill(ViewerModel())).form
    form.copy_program()
    application: Any = QApplication
    clipboard = application.clipboard().text()
    return {"program": form.program(), "clipboard": clipboard, "message": form.message.value}


def filled(form: Any) -> bool:
    """Whether no field is empty that must not be."""
    try:
        form.program()
    except ValueError:
        return False
    return True


def every_form() -> dict[str, Any]:
    """Make each form that the plugin lists, and tell what failed and the fields of the others."""
    from importlib.resources import files

    plugin = json.loads((files("voxbind") / "napari.json").read_text(encoding="utf-8"))
    made, failed = {}, {}
    viewer = fill(ViewerModel())
    for command in plugin["contributions"]["commands"]:
        name = command["python_name"].partition(":")[2]
        try:
            form = getattr(forms, name)(viewer).form
        except Exception as error:
            failed[name] = repr(error)
        else:
            made[name] = {
                "fields": {
                    parameter: [type(field.widget).__name__, field.kind]
                    for parameter, field in form.fields.items()
                },
                "program": form.program() if filled(form) else "",
            }
    return {"made": made, "failed": failed}


def screenshot(path: str, *names: str) -> dict[str, Any]:
    """Draw napari's window with the form of the last function, after a run of each."""
    import napari

    viewer = fill(napari.Viewer(show=True))
    messages = []
    for name in names:
        widget = forms.form(name, viewer)
        dock = viewer.window.add_dock_widget(widget, name=name)
        widget.form.start()
        wait(QApplication.instance(), widget.form)
        label = widget.form.message.native
        is_cut = label.height() < label.heightForWidth(label.width())
        messages.append([widget.form.message.value, is_cut])
        if name != names[-1]:
            viewer.window.remove_dock_widget(dock)
    viewer.screenshot(path, canvas_only=False)
    viewer.close()
    return {"messages": messages}


def main() -> None:
    application: Any = QApplication.instance() or QApplication([])
    what, *names = sys.argv[1:]
    # Twenty thousand widgets live to the end: looking for garbage among them takes half the time.
    gc.freeze()
    gc.disable()
    if what == "screenshot":
        answer = screenshot(*names)
    else:
        answer = every_form()
        answer["runs"] = {name: run(application, name) for name in names}
        answer |= {"cancelled": cancelled(application), "copied": copied()}
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
