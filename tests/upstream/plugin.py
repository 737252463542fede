"""A pytest plugin: the tests call wrappers, and each test's outcome is written down.

Loaded by ``python tests/upstream``; see there for the options' values.
"""

import json
import sys
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import shims
from imports import MARK, Imports, loaded
from tally import Tally

HERE = Path(__file__).parent
CALLS: Counter[str] = Counter()
"""Calls of wrappers in the test that runs."""
TYPES = Tally()
"""How these calls agree with the annotations."""


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("upstream")
    group.addoption("--way", help="plain, numpy or torch", default="plain")
    group.addoption("--library", help="the library's key in the manifest")
    group.addoption("--tests-root", type=Path, help="the folder of the tests")
    group.addoption("--import-root", help="the library's dotted name")
    group.addoption("--data", type=Path, help="folder with scikit-image's test data")
    group.addoption("--only", type=Path, help="file of test ids; others are left out")
    group.addoption("--outcomes", type=Path, help="file to write")


def pytest_configure(config: pytest.Config) -> None:
    if config.option.data:
        use_data(config.option.data)
    if config.option.way != "plain":
        use_wrappers(config)
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Outcomes(config.option.outcomes))


def use_data(folder: Path) -> None:
    """Let scikit-image find the data of its source distribution, and never download any."""
    from skimage.data import _fetchers

    _fetchers.data_dir = str(folder)
    _fetchers._image_fetcher = None


def use_wrappers(config: pytest.Config) -> None:
    """Give the tests wrappers, and tell warnings at the place that called a wrapper."""
    import voxbind

    option = config.option
    package = Path(voxbind.__file__).parent
    manifest = json.loads((package / "manifest.json").read_text(encoding="utf-8"))
    shim = {"numpy": shims.counting, "torch": shims.torch}[option.way]
    replacements = []
    for entry in manifest["libraries"][option.library]["functions"].values():
        if entry["form"] == "function":
            module, _, name = entry["wrapper"].rpartition(".")
            original = getattr(loaded(entry["module"]), entry["original_name"])
            wrapper = shims.recording(getattr(loaded(module), name), TYPES)
            replacements.append((original, shim(wrapper, CALLS)))
    if option.import_root.startswith("scipy."):
        # The tests look up by function which array libraries it knows.
        from scipy._lib._array_api import xp_capabilities_table as table

        table.update({new: table[old] for old, new in replacements if old in table})
    if option.way == "torch":
        import torch

        # It makes up whatever attribute it is asked for, and scikit-image asks all modules.
        vars(torch.classes)["__warningregistry__"] = {}
    imports = Imports(option.import_root, option.tests_root, replacements)
    imports.install()
    config.pluginmanager.register(Examples(imports))
    vars(warnings)["WarningMessage"] = warning_at_caller(f"{package}/", f"{HERE}/")


def warning_at_caller(*own: str) -> type[warnings.WarningMessage]:
    """Return a class for warnings told at a wrapper: where the wrapper was called.

    The libraries point warnings at their caller. With a wrapper between, that is the
    wrapper. The place is mended by its frames, and by no other, so that tests that look at
    the place still say something.
    """

    class WarningMessage(warnings.WarningMessage):
        def __init__(
            self, message: Any, category: Any, filename: str, lineno: int, *rest: Any, **more: Any
        ) -> None:
            if filename.startswith(own):
                frame: Any = sys._getframe(1)  # the caller is on the stack, so it ends before None
                while frame.f_code.co_filename != filename or frame.f_lineno != lineno:
                    frame = frame.f_back
                while frame.f_code.co_filename.startswith(own):
                    frame = frame.f_back
                filename, lineno = frame.f_code.co_filename, frame.f_lineno
            super().__init__(message, category, filename, lineno, *rest, **more)

    return WarningMessage


class Examples:
    """The documentation's examples, as tests: what they import and what they see is replaced."""

    def __init__(self, imports: Imports) -> None:
        self._imports = imports

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        for item in items:
            if isinstance(item, pytest.DoctestItem):
                seen = {name: self._imports.see(it) for name, it in item.dtest.globs.items()}
                item.dtest.globs = {**seen, MARK: True}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.option.only:
        wanted = set(json.loads(config.option.only.read_text(encoding="utf-8")))
        config.hook.pytest_deselected(items=[i for i in items if i.nodeid not in wanted])
        items[:] = [item for item in items if item.nodeid in wanted]


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item) -> None:
    item.user_properties += [("calls", dict(CALLS)), ("types", TYPES.told())]
    CALLS.clear()
    TYPES.clear()


class Outcomes:
    """Each test's outcome and calls, from all workers, in one file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._outcomes: dict[str, str] = {}
        self._details: dict[str, str] = {}
        self._calls: dict[str, dict[str, int]] = {}
        self._types = Tally()

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self._add(report.nodeid, "failed", report)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        # Setup, call and teardown report one by one.
        if report.failed or (report.skipped and report.nodeid not in self._outcomes):
            self._add(report.nodeid, report.outcome, report)
        elif report.when == "call":
            self._outcomes.setdefault(report.nodeid, report.outcome)
        if report.when == "teardown":
            told: dict[str, Any] = dict(report.user_properties)
            self._calls[report.nodeid] = told.get("calls", {})
            if "types" in told:
                self._types.merge(told["types"])

    def _add(self, test: str, outcome: str, report: Any) -> None:
        self._outcomes[test] = outcome
        crash = getattr(report.longrepr, "reprcrash", None)
        self._details[test] = crash.message if crash else str(report.longrepr)[-1000:]

    def pytest_sessionfinish(self) -> None:
        found = {"outcomes": self._outcomes, "details": self._details, "calls": self._calls}
        found["types"] = self._types.told()
        self._path.write_text(json.dumps(found), encoding="utf-8")
