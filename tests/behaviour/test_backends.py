"""Packages to which scikit-image hands its calls on: neither wrappers nor the probe use them."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

PACKAGE = {
    "foreign.py": """
        from skimage.util._backends import BackendInformation

        NAMES = ["skimage.metrics:mean_squared_error", "skimage.metrics:normalized_root_mse"]

        def information():
            return BackendInformation(NAMES)

        def can_has(name, *args, **kwargs):
            return True

        def get_implementation(name):
            return lambda *args, **kwargs: -1.0
    """,
    "foreign-1.0.dist-info/METADATA": """
        Metadata-Version: 2.1
        Name: foreign
        Version: 1.0
    """,
    "foreign-1.0.dist-info/entry_points.txt": """
        [skimage_backends]
        foreign = foreign

        [skimage_backend_infos]
        foreign = foreign:information
    """,
}


@pytest.fixture(scope="module")
def backend(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of an installed backend whose results are all -1."""
    pytest.importorskip("skimage.util._backends")
    folder = tmp_path_factory.mktemp("backend")
    for name, text in PACKAGE.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(textwrap.dedent(text).lstrip())
    return folder


def run(code: str, backend: Path, *more: Path) -> str:
    """Run code in a new process that has the backend; return what it prints."""
    paths = os.pathsep.join(map(str, (backend, ROOT / "generated", *more)))
    environment = {**os.environ, "PYTHONPATH": paths}
    environment.pop("SKIMAGE_NO_DISPATCHING", None)
    done = subprocess.run(
        [sys.executable, "-P", "-c", textwrap.dedent(code)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_wrappers_call_scikit_image_itself(backend: Path) -> None:
    code = """
        import warnings
        import numpy as np
        from skimage import metrics as library
        import skimage.util._backends as dispatcher
        from voxbind import trace
        from voxbind.auto import metrics as auto
        from voxbind.skimage import metrics, restoration

        first, second = np.random.default_rng(0).random((2, 16, 16))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            assert library.mean_squared_error(first, second) == -1  # the backend is there
        warnings.simplefilter("error")
        error = ((first - second) ** 2).mean()
        for module in (metrics, auto):
            assert np.isclose(module.mean_squared_error(first, second), error)
            with trace() as log:
                assert np.isclose(module.mean_squared_error(first, second), error)
            assert "skimage" in str(log)
            # This function calls the other one.
            root = module.normalized_root_mse(first, second, normalization="min-max")
            assert np.isclose(root, np.sqrt(error) / np.ptp(first))
            ratio = module.peak_signal_noise_ratio(first, second, data_range=1)
            assert np.isclose(ratio, -10 * np.log10(error))
        # These call it in other modules.
        options = {"denoise_parameters": {"weight": [0.1, 0.2]}, "extra_output": True}
        search = restoration.calibrate_denoiser(first, restoration.denoise_tv_chambolle, **options)
        assert min(search[1][1]) > 0
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            assert library.mean_squared_error(first, second) == -1  # and is still used
        print("same")
    """
    assert run(code, backend) == "same\n"


def test_threads_of_a_program_use_the_backend_as_before(backend: Path) -> None:
    code = """
        import threading, warnings
        import numpy as np
        from skimage import metrics as library
        from voxbind.skimage import metrics

        warnings.simplefilter("ignore")
        first, second = np.random.default_rng(0).random((2, 16, 16))
        ours, theirs = [], []
        work = [
            lambda: [ours.append(metrics.normalized_root_mse(first, second)) for _ in range(300)],
            lambda: [theirs.append(library.normalized_root_mse(first, second)) for _ in range(300)],
        ]
        threads = [threading.Thread(target=each) for each in work * 2]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        print(len(ours), len({*ours}), min(ours) > 0, {*theirs})
    """
    assert run(code, backend) == "600 1 True {-1.0}\n"


def test_the_probe_measures_scikit_image_itself(backend: Path) -> None:
    code = """
        import shutil, tempfile
        from pathlib import Path
        from voxbind_build.probe.sandbox.fork_server import fork_server

        def measure(answers):
            import warnings
            import numpy as np
            from skimage import metrics

            warnings.simplefilter("error")
            answers.put(float(metrics.mean_squared_error(np.zeros((4, 4)), np.ones((4, 4)))))

        if __name__ == "__main__":
            scratch = tempfile.mkdtemp()
            with fork_server((), Path(scratch)) as context:
                answers = context.Queue()
                process = context.Process(target=measure, args=(answers,))
                process.start()
                print(answers.get(timeout=100))
                process.join()
            shutil.rmtree(scratch)
    """
    script = backend / "probe_script.py"
    script.write_text(textwrap.dedent(code))
    start = "import runpy; runpy.run_path({!r}, run_name='__main__')"
    assert run(start.format(str(script)), backend, ROOT / "generator") == "1.0\n"
