"""The command line: ``voxbind build | check | list | show | twins | doctor | record``."""

from __future__ import annotations

import contextlib
import math
import sys
from collections.abc import Iterator, Sequence
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import Annotated, Literal

import msgspec
import typer
from rich.console import Console

from voxbind_build import manifest as frozen
from voxbind_build.build import progress
from voxbind_build.build.report import BuildError
from voxbind_build.cli import function_page, name_search, printing, stopping, twins_page
from voxbind_build.cli.doctor import examine
from voxbind_build.cli.places import is_checkout, package_at, readable_package
from voxbind_build.libraries import SpecError, builtin, load
from voxbind_build.manifest import ManifestError, RecordingError
from voxbind_build.model import Contract, Evidence, LibrarySpec, Manifest, MemoryType
from voxbind_build.verify.disk import OutputError

app = typer.Typer(
    name="voxbind",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

OutOption = Annotated[
    Path | None,
    typer.Option("--out", help="Folder of the package. Default: the installed voxbind."),
]
LibraryOption = Annotated[
    list[str] | None,
    typer.Option(
        "--library",
        "-l",
        metavar="NAME|FILE.toml",
        help="Read only this library, or the library that this TOML file describes. "
        "All others stay as recorded. May be repeated.",
    ),
]
JobsOption = Annotated[
    int | None,
    typer.Option("--jobs", "-j", min=1, help="Number of processes that measure in parallel."),
]
FreshOption = Annotated[
    bool, typer.Option("--fresh", help="Also measure functions again whose record is valid.")
]
Kind = Literal["image", "helper", "any"]
TimeOption = Annotated[
    float,
    typer.Option(
        "--time-limit",
        min=1,
        metavar="SECONDS",
        help="CPU time allowed per function; a function that uses more is inconclusive.",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


def _print_version(requested: bool) -> None:
    if requested:
        print(f"voxbind {metadata.version('voxbind')}")
        raise typer.Exit()


@app.callback()
def voxbind(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version and exit."
        ),
    ] = False,
) -> None:
    """Typed, measured wrappers for the image-processing libraries."""


@app.command()
def build(
    library: LibraryOption = None,
    out: OutOption = None,
    jobs: JobsOption = None,
    fresh: FreshOption = False,
    time_limit: TimeOption = 300,
    wheel: Annotated[
        Path | None,
        typer.Option(
            "--wheel",
            metavar="DIR",
            help="Write a wheel of the new package to a folder, and leave the package as it is.",
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Read and measure the installed libraries, and write the wrappers."""
    # Imported here because it takes half a second, which commands like `list` don't need.
    from voxbind_build.build import pipeline
    from voxbind_build.build.wheel import build_wheel

    reporter = progress.reporter(Console(stderr=True))
    with _failures():
        specs = _specs(library)
        build_in = partial(
            pipeline.build, specs, jobs=jobs, fresh=fresh, time_limit=time_limit, reporter=reporter
        )
        if wheel is None:
            report = build_in(package_at(out))
        else:
            report = build_wheel(specs, package_at(out), wheel, build_in, reporter.say)
    if as_json:
        printing.as_json(report)
    else:
        printing.build(printing.console(), report)
    libraries_read = {row.library for row in report.rows if row.source != "record"}
    if library and not all(spec.name in libraries_read for spec in specs):
        raise typer.Exit(1)  # a requested library couldn't be read; the notes say why


@app.command()
def check(
    library: LibraryOption = None,
    out: OutOption = None,
    jobs: JobsOption = None,
    measure: Annotated[
        bool, typer.Option("--measure", help="Also measure every function again.")
    ] = False,
    time_limit: TimeOption = 300,
    as_json: JsonOption = False,
) -> None:
    """Compare the installed libraries and the files on disk with the frozen record."""
    from voxbind_build.build import pipeline

    with _failures():
        report = pipeline.check(
            _specs(library),
            package_at(out),
            measure=measure,
            jobs=jobs,
            time_limit=time_limit,
            reporter=progress.reporter(Console(stderr=True)),
        )
    if as_json:
        printing.as_json({"agrees": report.agrees, **msgspec.structs.asdict(report)})
    else:
        printing.check(printing.console(), report)
    raise typer.Exit(0 if report.agrees else 1)


@app.command("list")
def list_functions(
    text: Annotated[
        str,
        typer.Argument(
            metavar="[TEXT]", help="Only functions with all these words in name, summary or tags."
        ),
    ] = "",
    library: Annotated[str | None, typer.Option("--library", "-l", metavar="NAME")] = None,
    contract: Annotated[
        Contract | None, typer.Option("--contract", "-c", case_sensitive=False)
    ] = None,
    memory: Annotated[
        MemoryType | None, typer.Option("--memory", "-m", case_sensitive=False)
    ] = None,
    evidence: Annotated[
        Evidence | None,
        typer.Option("--evidence", "-e", case_sensitive=False, help="How the contract is known."),
    ] = None,
    kind: Annotated[
        Kind, typer.Option("--kind", "-k", help="Image functions, helpers, or both.")
    ] = "image",
    out: OutOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the wrapped functions."""
    manifest = _manifest(out)
    if library is not None and library not in manifest.libraries:
        raise typer.BadParameter(
            f"{library!r} isn't in the package; its libraries are {', '.join(manifest.libraries)}",
            param_hint="--library",
        )
    matches = list(
        name_search.functions(
            manifest,
            library=library,
            contract=contract,
            memory=memory,
            evidence=evidence,
            kind=None if kind == "any" else kind,
            text=text,
        )
    )
    if as_json:
        printing.as_json([function_page.facts(manifest, public) for public, _ in matches])
    else:
        printing.functions(printing.console(), matches)


@app.command()
def show(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="skimage.filters.gaussian, or just gaussian.")
    ],
    out: OutOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show one function: its signature, its contract and the reason, its dtypes, the evidence."""
    package = readable_package(out)
    manifest = _manifest(out)
    matches = name_search.resolve(manifest, name)
    if not matches:
        similar_names = name_search.near(manifest, name)
        suggestion = (
            f"Do you mean {', '.join(similar_names)}?"
            if similar_names
            else "`voxbind list` names all functions."
        )
        raise typer.BadParameter(
            f"The package has no function {name!r}. {suggestion}", param_hint="NAME"
        )
    observations = frozen.read_record(package, distrust=True).observations
    if as_json:
        printing.as_json(
            [function_page.facts(manifest, public, observations) for public in matches]
        )
    else:
        for public in matches:
            function_page.page(printing.console(100), manifest, public, observations)


@app.command()
def twins(out: OutOption = None, as_json: JsonOption = False) -> None:
    """Compare GPU libraries with their CPU twins: which functions differ, which are missing."""
    manifest = _manifest(out)
    if as_json:
        printing.as_json(twins_page.libraries(manifest))
    elif sys.stdout.isatty():
        from rich.markdown import Markdown  # takes 0.1 s, so only if needed

        Console().print(Markdown(twins_page.markdown(manifest)))
    else:
        print(twins_page.markdown(manifest), end="")


@app.command()
def doctor(out: OutOption = None, as_json: JsonOption = False) -> None:
    """Report which libraries and devices can be used here, and how to fix the others."""
    with _failures():
        package = package_at(out)
        specs = builtin()
        libraries = frozen.read_record(package).manifest.libraries
    findings = examine(specs, libraries, package)
    if as_json:
        printing.as_json(findings)
    else:
        printing.findings(printing.console(), findings)
    raise typer.Exit(1 if any(finding.ill for finding in findings) else 0)


@app.command()
def record(
    library: LibraryOption = None,
    out: OutOption = None,
    to: Annotated[
        Path | None,
        typer.Option("--to", metavar="FILE", help="Write to this file, not to the package."),
    ] = None,
    merged: Annotated[
        list[Path] | None,
        typer.Option(
            "--from",
            metavar="FILE",
            help="Merge this file, which was recorded on another machine, instead of measuring "
            "here. May be repeated.",
        ),
    ] = None,
    jobs: JobsOption = None,
    fresh: FreshOption = False,
    time_limit: TimeOption = 900,
    within: Annotated[
        float,
        typer.Option(
            min=1, metavar="SECONDS", help="Stop after this time, and record the results so far."
        ),
    ] = math.inf,
    as_json: JsonOption = False,
) -> None:
    """Measure GPU functions on this machine's GPU, or merge recordings from other machines."""
    from voxbind_build.build import merge
    from voxbind_build.build import record as recording

    if to is not None and merged:
        raise typer.BadParameter("--from merges into the package; don't combine it with --to")
    reporter = progress.reporter(Console(stderr=True))
    with _failures():
        specs = _specs(library)
        if not library:
            specs = [spec for spec in specs if spec.device]
        # In a checkout the recordings are committed; elsewhere the package keeps them.
        recordings = frozen.RECORDINGS if out is None and is_checkout() else None
        if merged:
            report = merge.merge(
                specs, merged, package_at(out), recordings=recordings, reporter=reporter
            )
        else:
            report = recording.record(
                specs,
                package_at(out),
                to=to,
                recordings=recordings,
                jobs=jobs,
                fresh=fresh,
                time_limit=time_limit,
                within=within,
                reporter=reporter,
            )
    if as_json:
        printing.as_json(report)
    else:
        printing.record(printing.console(), report)


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code; `__main__` documents the codes."""
    try:
        app(args=arguments, prog_name="voxbind")
    except SystemExit as system_exit:
        code = system_exit.code
        return code if isinstance(code, int) else int(bool(code))
    return 0


def _manifest(out: Path | None) -> Manifest:
    package = readable_package(out)
    with _failures():
        try:
            return frozen.read(package / frozen.MANIFEST)
        except FileNotFoundError:
            raise BuildError(
                f"{package} isn't a voxbind package. Run `voxbind build` first."
            ) from None


@contextlib.contextmanager
def _failures() -> Iterator[None]:
    """Turn expected errors into a message on standard error and an exit code."""
    try:
        with stopping.terminable():
            yield
    except SpecError as error:
        message, code = f"wrong specification: {error}", 2
    except (BuildError, ManifestError, OutputError, RecordingError) as error:
        message, code = f"error: {error}", 1
    except KeyboardInterrupt as stop:
        message = "Stopped. The package is unchanged; run the same command to start again."
        code = stopping.exit_code(stop)
    else:
        return
    Console(stderr=True, soft_wrap=True).print(message, markup=False, highlight=False)
    raise typer.Exit(code)


def _specs(requested: Sequence[str] | None) -> list[LibrarySpec]:
    from voxbind_build.build.admission import known_roles

    roles = known_roles()
    if not requested:
        return list(builtin(roles))
    specs: list[LibrarySpec] = []
    problems: list[str] = []
    for name in requested:
        try:
            specs.append(load(name, roles))
        except SpecError as error:
            problems += error.lines
    if problems:
        raise SpecError(problems)
    for name, spec in zip(requested, specs, strict=True):
        if spec.file == str(Path(name)):
            # A user's own module may be next to the TOML file that describes it.
            sys.path.append(str(Path(name).resolve().parent))
    names = [spec.name for spec in specs]
    for name in names:
        if names.count(name) > 1:
            raise typer.BadParameter(f"{name} is given twice", param_hint="--library")
    return specs
