"""Forms for the wrapped functions, which napari's menus open.

`napari.json` names each form as an attribute of this module: ``skimage.filters.gaussian``.
"""

from __future__ import annotations

# Of napari, magicgui and Qt, pyright knows nothing if they aren't installed.
# pyright: reportUnknownArgumentType=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false
import inspect
from collections.abc import Callable, Mapping
from typing import Any

from magicgui import widgets as _widgets  # type: ignore[import-not-found, import-untyped, unused-ignore]

from ..errors import LibraryMissingError, VoxbindError
from ..registry import FunctionMetadata, functions
from .expressions import Expression, evaluate
from .fields import Field, documented, fields
from .layers import axes_of, layers, numbers, size_of
from .running import Cancelled, Run
from .script import program

__all__ = ["Form", "form"]

widgets: Any = _widgets  # `Any`, because the package is also checked without magicgui

_MILLISECONDS = 100
"""Time between two looks at how far a run is."""


def __getattr__(name: str) -> Callable[[Any], Any]:
    """Return what makes the form of a function, by the name that `napari.json` gives it."""
    if name not in functions():
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return maker(name)


def maker(name: str) -> Callable[[Any], Any]:
    """Return a class that napari calls with its viewer, and that makes a function's form."""

    class Maker:
        def __new__(cls, napari_viewer: Any) -> Any:
            return form(name, napari_viewer)

        def __init__(self, napari_viewer: Any) -> None:  # napari reads this signature
            pass

    Maker.__name__ = Maker.__qualname__ = name.rpartition(".")[2]
    return Maker


def form(name: str, viewer: Any) -> Any:
    """Return the form of a function as a widget of magicgui.

    Parameters
    ----------
    name
        Dotted name below `voxbind`: ``skimage.filters.gaussian``.
    viewer
        napari's viewer, which gets the results as layers.

    Returns
    -------
    magicgui.widgets.Widget
        The form, or a sentence if the library isn't installed or its device can't be used.

    Raises
    ------
    LibraryMissingError
        If there is no Qt, without which napari has no window for a form or a sentence.
    """
    _import_qt()
    facts = functions()[name]
    try:
        return Form(facts, facts.func, viewer).widget
    except (ImportError, VoxbindError) as error:
        return _text("message", str(error))


def _import_qt() -> None:
    try:
        import qtpy.QtWidgets  # type: ignore[import-not-found, import-untyped, unused-ignore]  # noqa: F401
    except ImportError as error:
        raise LibraryMissingError(
            f"A form in napari needs Qt, which can't be imported: {error}. "
            'Install it with `pip install "napari[pyqt6]"`.'
        ) from error


class Form:
    """The form of one function."""

    def __init__(self, facts: FunctionMetadata, function: Callable[..., Any], viewer: Any) -> None:
        self._facts, self._function, self._viewer = facts, function, viewer
        self._run: Run | None = None
        self.fields = fields(function, facts, documented(facts.doc), viewer)
        self.axes = widgets.LineEdit(
            name="axes",
            tooltip="A letter for each axis of the image: T (time), C (channel), Z, Y, X (space), "
            "S (colours). The function is called for each T and C.",
        )
        self.run = widgets.PushButton(name="run", text="Run")
        self.cancel = widgets.PushButton(name="cancel", text="Cancel", enabled=False)
        self.copy = widgets.PushButton(name="copy", text="Copy as Python")
        self.bar = widgets.ProgressBar(name="progress", visible=False, label=" ")
        self.message = _text("message")
        buttons = widgets.Container(
            widgets=[self.run, self.cancel, self.copy], layout="horizontal", labels=False, label=" "
        )
        heading = _text("heading", _heading(facts))
        inputs = [field.widget for field in self.fields.values()]
        self.widget = widgets.Container(
            widgets=[heading, *inputs, self.axes, buttons, self.bar, self.message],
            name=facts.original_name,
        )
        self.widget.form = self  # keeps this object as long as the widget
        self.run.changed.connect(self.start)
        self.cancel.changed.connect(self.stop)
        self.copy.changed.connect(self.copy_program)
        for name, field in self.fields.items():
            if name in facts.arrays:
                field.widget.changed.connect(self._follow_layer)
        self._follow_layer()

    @property
    def source(self) -> Any:
        """The layer of the image, or None if none is chosen."""
        for name in self._facts.arrays:
            if self.fields[name].widget.value is not None:
                return self.fields[name].widget.value
        return None

    def start(self) -> None:
        """Run the function in a thread."""
        from napari.qt.threading import create_worker  # type: ignore[import-not-found, import-untyped, unused-ignore]
        from qtpy.QtCore import QTimer  # type: ignore[import-not-found, import-untyped, unused-ignore]

        if self.source is None:
            self._say("Open or choose an image first: the viewer has no layer for this function.")
            return
        try:
            values = self._values()
        except ValueError as error:
            self._say(str(error))
            return
        arguments = {name: layer.data for name, layer in self._layers().items()}
        arguments |= {name: value.value for name, value in values.items()}
        source, texts = self.source, {name: value.code for name, value in values.items()}
        run = self._run = Run(self._function, self.axes.value.strip().upper(), arguments)
        self._set_running(True)
        create: Any = create_worker  # whose type asks for a function
        worker: Any = create(run.__call__, _start_thread=False, _ignore_errors=True)
        timer: Any = QTimer(self.widget.native)

        def show(result: Any) -> None:
            self._show(result, source, texts)

        timer.timeout.connect(lambda: self._show_progress(run))
        timer.start(_MILLISECONDS)
        worker.returned.connect(show)
        worker.errored.connect(self._explain)
        worker.finished.connect(timer.stop)
        worker.finished.connect(lambda: self._set_running(False))
        self._say("Running")
        worker.start()

    def stop(self) -> None:
        """Cancel the run."""
        if self._run is not None:
            self._run.is_cancelled = True
            self._say("Cancelling, as soon as the call that is running has ended")

    def program(self) -> str:
        """Return the call as a program."""
        names = {name: layer.name for name, layer in self._layers().items()}
        parameters = inspect.signature(self._function).parameters
        keyword_only = [
            name
            for name, parameter in parameters.items()
            if parameter.kind is parameter.KEYWORD_ONLY
        ]
        axes = self.axes.value.strip().upper()
        return program(self._facts, axes, names, self._values(), keyword_only)

    def copy_program(self) -> None:
        """Put the call as a program on the clipboard."""
        from qtpy.QtWidgets import QApplication  # type: ignore[import-not-found, import-untyped, unused-ignore]

        try:
            text = self.program()
        except ValueError as error:
            self._say(str(error))
            return
        application: Any = QApplication
        application.clipboard().setText(text)
        self._say("Copied")

    def _layers(self) -> dict[str, Any]:
        chosen = {
            name: field.widget.value for name, field in self.fields.items() if field.kind == "layer"
        }
        return {name: layer for name, layer in chosen.items() if layer is not None}

    def _values(self) -> dict[str, Expression]:
        """Return the arguments that aren't the function's defaults.

        Raises
        ------
        ValueError
            If the text of a field isn't a value, or a field is empty that must not be.
        """
        parameters = inspect.signature(self._function).parameters
        given: dict[str, Expression] = {}
        for name, field in self.fields.items():
            if field.kind == "layer":
                continue
            default = parameters[name].default
            if not _is_empty(field):
                value = _value(field)
                if not _is_same(value.value, default):
                    given[name] = value
            elif default is inspect.Parameter.empty:
                raise ValueError(f"Fill in {name!r}: the function has no default for it.")
        return given

    def _follow_layer(self) -> None:
        """Take the letters of the axes, and sizes, from the layer that was chosen."""
        if self.source is None:
            return
        self.axes.value = axes_of(self.source)
        sizes = size_of(self.source, self.axes.value)
        for field in self.fields.values():
            if field.kind == "size":
                field.widget.value = repr(sizes)

    def _show_progress(self, run: Run) -> None:
        # A single call has no steps to count: Qt shows a busy bar if the range is empty.
        self.bar.max = run.total if run.total > 1 else 0
        self.bar.value = min(run.done, self.bar.max)

    def _show(self, result: Any, source: Any, arguments: Mapping[str, str]) -> None:
        made = layers(result, source, self._facts, arguments)
        for data, attributes, kind in made:
            getattr(self._viewer, f"add_{kind}")(data, **attributes)
        others = numbers(result, self._facts)
        self._say(
            "; ".join(filter(None, [f"Added {len(made)} layer{'s'[len(made) == 1 :]}", others]))
        )

    def _explain(self, error: Exception) -> None:
        self._say("Cancelled" if isinstance(error, Cancelled) else f"{error}")

    def _set_running(self, is_running: bool) -> None:
        self.run.enabled, self.cancel.enabled = not is_running, is_running
        self.bar.visible = is_running

    def _say(self, text: str) -> None:
        self.message.value = text


def _is_empty(field: Field) -> bool:
    return field.kind in ("size", "expression") and not field.widget.value.strip()


def _is_same(value: Any, default: Any) -> bool:
    numbers = (int, float)
    if type(value) in numbers and type(default) in numbers:
        return bool(value == default)
    return repr(value) == repr(default)


def _value(field: Field) -> Expression:
    value = field.widget.value
    if field.kind in ("size", "expression"):
        return evaluate(value)
    return Expression(value, repr(value))


def _heading(facts: FunctionMetadata) -> str:
    summary = facts.doc.strip().partition("\n\n")[0]
    return f"{facts.name}: {' '.join(summary.split())}"


def _text(name: str, value: str = "") -> Any:
    """Return a line of text without a label, which wraps where the panel beside the image ends."""
    label = widgets.Label(name=name, value=value, label=" ")  # an empty one would be the name
    label.native.setWordWrap(True)
    return label
