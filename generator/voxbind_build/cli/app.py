"""The command line: ``voxbind build | check | compare | list | show | twins | doctor | record``."""

from __future__ import annotations

import importlib.util
import math
import sys
from collections.abc import Sequence
from importlib import metadata
from importlib.resources import files as resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console

from voxbind_build import manifest as frozen
from voxbind_build.build import progress
from voxbind_build.build.report import BuildError
from voxbind_build.cli import doctor as examination
from voxbind_build.cli import function_page as explain
from voxbind_build.cli import name_search as lookup
from voxbind_build.cli import printing as display
from voxbind_build.cli import records
from voxbind_build.cli import twins_page as comparison
from voxbind_build.cli.inputs import chosen_specs, failures
from voxbind_build.cli.options import (
    DocumentationOption,
    JobsOption,
    JsonOption,
    Kind,
    LibraryOption,
    OutOption,
    TimeOption,
)
from voxbind_build.cli.places import default_package, is_checkout
from voxbind_build.libraries import builtin
from voxbind_build.model import Contract, Evidence, Manifest, MemoryType

app = typer.Typer(
    name="voxbind",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"voxbind {metadata.version('voxbind')}")
        raise typer.Exit()


@app.callback()
def voxbind(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version and leave."
        ),
    ] = False,
) -> None:
    """Typed, measured wrappers for the image-processing libraries."""


@app.command()
def build(
    library: LibraryOption = None,
    out: OutOption = None,
    jobs: JobsOption = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Measure everything again, also what still holds.")
    ] = False,
    time_limit: TimeOption = 300,
    documentation: DocumentationOption = False,
    as_json: JsonOption = False,
) -> None:
    """Read and measure the installed libraries, write the wrappers, and report what changed."""
    from voxbind_build.build import (
        pipeline,  # half a second, which looking things up shouldn't take
    )

    with failures():
        specs = chosen_specs(library)
        report = pipeline.build(
            specs,
            _package(out),
            jobs=jobs,
            fresh=fresh,
            time_limit=time_limit,
            reporter=progress.reporter(Console(stderr=True)),
        )
    if as_json:
        display.as_json(report)
    else:
        display.build(display.console(), report, documentation=documentation)
    read = {row.library for row in report.rows if row.source != "record"}
    if library and not all(spec.name in read for spec in specs):
        raise typer.Exit(1)  # what was asked for isn't there; the notes say why


@app.command()
def check(
    library: LibraryOption = None,
    out: OutOption = None,
    jobs: JobsOption = None,
    measure: Annotated[
        bool, typer.Option("--measure", help="Observe every function again as well.")
    ] = False,
    time_limit: TimeOption = 300,
    documentation: DocumentationOption = False,
    as_json: JsonOption = False,
) -> None:
    """Compare the installed libraries and the files on disk with the frozen record."""
    from voxbind_build.build import pipeline

    with failures():
        report = pipeline.check(
            chosen_specs(library),
            _package(out),
            measure=measure,
            jobs=jobs,
            time_limit=time_limit,
            reporter=progress.reporter(Console(stderr=True)),
        )
    if as_json:
        display.as_json({"agrees": report.agrees, **msgspec.structs.asdict(report)})
    else:
        display.check(display.console(), report, documentation=documentation)
    raise typer.Exit(0 if report.agrees else 1)


@app.command()
def compare(
    old: Annotated[
        str,
        typer.Argument(
            metavar="OLD",
            help="manifest.json, a package's folder, or a version to install and to measure: "
            "scikit-image==0.25.2.",
        ),
    ],
    new: Annotated[str, typer.Argument(metavar="NEW", help="The same, for the newer record.")],
    library: Annotated[
        str | None, typer.Option("--library", "-l", metavar="NAME", help="Only this library.")
    ] = None,
    environments: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Keep the environments of versions in this folder, for the next time. By default "
            "they are temporary.",
        ),
    ] = None,
    jobs: JobsOption = None,
    documentation: DocumentationOption = False,
    as_json: JsonOption = False,
    as_markdown: Annotated[
        bool, typer.Option("--markdown", help="Print Markdown, for a changelog.")
    ] = False,
) -> None:
    """Report what differs between two records, or between two versions of a library."""
    if as_json and as_markdown:
        raise typer.BadParameter("--json and --markdown exclude each other")
    with failures():
        compared = records.compare(
            old,
            new,
            library=library,
            environments=environments,
            jobs=jobs,
            reporter=progress.reporter(Console(stderr=True)),
        )
    display.comparison(
        display.console(),
        compared,
        documentation=documentation,
        style="json" if as_json else "markdown" if as_markdown else "text",
    )


@app.command("list")
def list_functions(
    text: Annotated[
        str,
        typer.Argument(
            metavar="[TEXT]", help="Only functions with all its words in name, summary or tags."
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
        typer.Option("--evidence", "-e", case_sensitive=False, help="What the entry rests on."),
    ] = None,
    kind: Annotated[
        Kind, typer.Option("--kind", "-k", help="Image functions, or helpers, or both.")
    ] = "image",
    out: OutOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the functions that are wrapped."""
    manifest = _manifest(out)
    if library is not None and library not in manifest.libraries:
        raise typer.BadParameter(
            f"{library!r} isn't in the package; it holds {', '.join(manifest.libraries)}",
            param_hint="--library",
        )
    found = list(
        lookup.functions(
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
        display.as_json([explain.facts(manifest, public) for public, _ in found])
    else:
        display.functions(display.console(), found)


@app.command()
def show(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="skimage.filters.gaussian, or just gaussian.")
    ],
    out: OutOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what is known of one function: signature, contract and why, dtypes, evidence."""
    package = _readable(out)
    manifest = _manifest(out)
    found = lookup.resolve(manifest, name)
    if not found:
        near = lookup.near(manifest, name)
        raise typer.BadParameter(
            f"There is no {name!r} in the package. "
            + (
                f"Do you mean {', '.join(near)}?" if near else "`voxbind list` names all functions."
            ),
            param_hint="NAME",
        )
    observations = frozen.read_record(package, distrust=True).observations
    if as_json:
        display.as_json([explain.facts(manifest, public, observations) for public in found])
    else:
        for public in found:
            explain.page(display.console(100), manifest, public, observations)


@app.command()
def twins(out: OutOption = None, as_json: JsonOption = False) -> None:
    """Compare the libraries on a GPU with their twins on the CPU: what differs, what is missing."""
    manifest = _manifest(out)
    if as_json:
        display.as_json(comparison.libraries(manifest))
    elif sys.stdout.isatty():
        from rich.markdown import Markdown  # a tenth of a second

        Console().print(Markdown(comparison.markdown(manifest)))
    else:
        print(comparison.markdown(manifest), end="")


@app.command()
def doctor(out: OutOption = None, as_json: JsonOption = False) -> None:
    """Say which libraries and devices can be used here, which can't, and what changes it."""
    with failures():
        package = _package(out)
        specs = builtin()
        libraries = frozen.read_record(package).manifest.libraries
    findings = examination.examine(specs, libraries, package)
    if as_json:
        display.as_json(findings)
    else:
        display.findings(display.console(), findings)
    raise typer.Exit(1 if any(finding.ill for finding in findings) else 0)


@app.command()
def record(
    library: LibraryOption = None,
    out: OutOption = None,
    to: Annotated[
        Path | None,
        typer.Option("--to", metavar="FILE", help="Write to a file, and leave the package as is."),
    ] = None,
    merged: Annotated[
        list[Path] | None,
        typer.Option(
            "--from",
            metavar="FILE",
            help="Merge what was recorded elsewhere, and observe nothing. May be given more than "
            "once.",
        ),
    ] = None,
    jobs: JobsOption = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Observe everything again, also what still holds.")
    ] = False,
    time_limit: TimeOption = 900,
    within: Annotated[
        float,
        typer.Option(
            min=1, metavar="SECONDS", help="Observe no longer, and record what was until then."
        ),
    ] = math.inf,
    as_json: JsonOption = False,
) -> None:
    """Observe what needs a GPU on this machine's, or merge what was observed on another's."""
    from voxbind_build.build import merge
    from voxbind_build.build import record as recording

    if to is not None and merged:
        raise typer.BadParameter("--from merges into the package; leave --to out")
    reporter = progress.reporter(Console(stderr=True))
    with failures():
        specs = chosen_specs(library)
        if not library:
            specs = [spec for spec in specs if spec.device]
        # In a checkout the recordings are committed; elsewhere the package keeps them.
        recordings = frozen.RECORDINGS if out is None and is_checkout() else None
        if merged:
            report = merge.merge(
                specs, merged, _package(out), recordings=recordings, reporter=reporter
            )
        else:
            report = recording.record(
                specs,
                _package(out),
                to=to,
                recordings=recordings,
                jobs=jobs,
                fresh=fresh,
                time_limit=time_limit,
                within=within,
                reporter=reporter,
            )
    if as_json:
        display.as_json(report)
    else:
        display.record(display.console(), report)


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code; see `__main__` for what they mean."""
    try:
        app(args=arguments, prog_name="voxbind")
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else int(bool(leaving.code))
    return 0


def _package(out: Path | None) -> Path:
    return default_package() if out is None else out


def _readable(out: Path | None) -> Traversable:
    """Return the package as it can be read, also if voxbind itself is in a zip archive."""
    package = _package(out)
    in_archive = out is None and not package.is_dir() and importlib.util.find_spec("voxbind")
    return resources("voxbind") if in_archive else package


def _manifest(out: Path | None) -> Manifest:
    package = _readable(out)
    with failures():
        try:
            return frozen.read(package / frozen.MANIFEST)
        except FileNotFoundError:
            raise BuildError(
                f"{package} holds no voxbind package. Run `voxbind build` first."
            ) from None
