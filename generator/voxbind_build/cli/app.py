"""The command line: all commands but ``record`` and ``init``, which have files of their own."""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console

from voxbind_build import manifest as frozen
from voxbind_build.build import progress
from voxbind_build.cli import (
    comparison,
    doctor_page,
    function_list,
    function_page,
    name_search,
    printing,
    twins_page,
)
from voxbind_build.cli.catalog_command import catalog
from voxbind_build.cli.doctor import examine
from voxbind_build.cli.encoding import write_any_character
from voxbind_build.cli.init_command import init
from voxbind_build.cli.inputs import failures, prepare_package, requested_manifest, requested_specs
from voxbind_build.cli.options import (
    DocumentationOption,
    FreshOption,
    JobsOption,
    JsonOption,
    Kind,
    LibraryOption,
    Order,
    OutOption,
    PackageOption,
    RecordedOption,
    TimeOption,
)
from voxbind_build.cli.places import package_at, readable_package
from voxbind_build.cli.record_command import record
from voxbind_build.cli.versions import versions
from voxbind_build.libraries import suggestion
from voxbind_build.model import Contract, Evidence, MemoryType

app = typer.Typer(
    name="voxbind",
    invoke_without_command=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def voxbind(
    context: typer.Context,
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            help="Print the versions of voxbind and of the libraries that the wrappers were "
            "generated from, and exit.",
        ),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Typed, measured wrappers for the image-processing libraries."""
    command = context.invoked_subcommand
    if version:
        versions(as_json=as_json)
        raise typer.Exit()
    if as_json and command:
        message = f"write it after the command: voxbind {command} --json"
        raise typer.BadParameter(message, param_hint="--json")
    if as_json:
        printing.as_json(dict(function_list.SUGGESTIONS))
    elif command is None:
        function_list.suggestions(printing.console())


@app.command()
def build(
    library: LibraryOption = None,
    out: OutOption = None,
    package: PackageOption = None,
    jobs: JobsOption = None,
    fresh: FreshOption = False,
    recorded: RecordedOption = False,
    time_limit: TimeOption = 300,
    wheel: Annotated[
        Path | None,
        typer.Option(
            "--wheel",
            metavar="DIR",
            help="Write a wheel of the new package to a folder, and leave the package as it is.",
        ),
    ] = None,
    documentation: DocumentationOption = False,
    as_json: JsonOption = False,
) -> None:
    """Read and measure the installed libraries, write the wrappers, and report what changed."""
    # Imported here because it takes half a second, which commands like `list` don't need.
    from voxbind_build.build import pipeline
    from voxbind_build.build.wheel import build_wheel

    if fresh and recorded:
        raise typer.BadParameter("--fresh and --recorded exclude each other")
    reporter = progress.reporter(Console(stderr=True))
    with failures():
        if package is not None:
            prepare_package(package, out, library, wheel)
        specs = requested_specs(library)
        build_in = partial(
            pipeline.build,
            specs,
            package=package,
            jobs=jobs,
            fresh=fresh,
            recorded_only=recorded,
            time_limit=time_limit,
            reporter=reporter,
        )
        if wheel is None:
            report = build_in(package_at(out))
        else:
            report = build_wheel(specs, package_at(out), wheel, build_in, reporter.say)
    if as_json:
        printing.as_json(report)
    else:
        printing.build(printing.console(), report, documentation=documentation)
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
    documentation: DocumentationOption = False,
    as_json: JsonOption = False,
) -> None:
    """Compare the installed libraries and the files on disk with the frozen record.

    Of a library that --library names and the package doesn't have, report what it would give. The
    measurement is kept for the next build with the same --out.
    """
    from voxbind_build.build import pipeline
    from voxbind_build.build.trial import new_libraries, try_libraries

    with failures():
        specs, package = requested_specs(library), package_at(out)
        new = new_libraries(specs, package) if library else []
        trial = None
        if new:
            trial = try_libraries(
                new,
                package,
                jobs=jobs,
                time_limit=time_limit,
                reporter=progress.reporter(Console(stderr=True)),
            )
            if not as_json:
                printing.trial(printing.console(), trial)
            specs = [spec for spec in specs if spec not in new]
            if not specs:
                if as_json:
                    printing.as_json(trial)
                return
        report = pipeline.check(
            specs,
            package,
            measure=measure,
            jobs=jobs,
            time_limit=time_limit,
            reporter=progress.reporter(Console(stderr=True)),
        )
    if as_json:
        tried = {"new": trial} if trial else {}
        printing.as_json({"agrees": report.agrees, **msgspec.structs.asdict(report), **tried})
    else:
        printing.check(printing.console(), report, documentation=documentation)
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
        compared = comparison.compare(
            old,
            new,
            library=library,
            environments=environments,
            jobs=jobs,
            reporter=progress.reporter(Console(stderr=True)),
        )
    printing.comparison(
        printing.console(),
        compared,
        documentation=documentation,
        style="json" if as_json else "markdown" if as_markdown else "text",
    )


@app.command("list")
def list_functions(
    text: Annotated[
        str,
        typer.Argument(
            metavar="[TEXT]", help="Only functions with all these words in name, summary or tags."
        ),
    ] = "",
    library: Annotated[
        str | None, typer.Option("--library", "-l", metavar="NAME", help="Only this library.")
    ] = None,
    contract: Annotated[
        Contract | None,
        typer.Option("--contract", "-c", case_sensitive=False, help="Only this contract."),
    ] = None,
    memory: Annotated[
        MemoryType | None,
        typer.Option(
            "--memory", "-m", case_sensitive=False, help="Only libraries that work in this memory."
        ),
    ] = None,
    evidence: Annotated[
        Evidence | None,
        typer.Option("--evidence", "-e", case_sensitive=False, help="How the contract is known."),
    ] = None,
    kind: Annotated[
        Kind, typer.Option("--kind", "-k", help="Image functions, helpers, or both.")
    ] = "image",
    sort: Annotated[
        Order, typer.Option("--sort", "-s", help="The column by which the table is sorted.")
    ] = "function",
    out: OutOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the wrapped functions."""
    manifest = requested_manifest(out)
    if library is not None and library not in manifest.libraries:
        nearest = suggestion(library, manifest.libraries)
        raise typer.BadParameter(
            f"{library!r} isn't in the package{f'; {nearest} Its' if nearest else '; its'} "
            f"libraries are {', '.join(manifest.libraries)}",
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
    matches.sort(key=lambda match: function_list.place(match, sort))
    if as_json:
        printing.as_json([function_page.facts(manifest, public) for public, _ in matches])
    else:
        console = printing.console()
        with function_list.paged(console):
            function_list.functions(console, matches)
            if text and not matches:
                console.print(name_search.nearest(manifest, text), highlight=False)


@app.command()
def show(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            help="skimage.filters.gaussian, or just gaussian.",
            autocompletion=name_search.completions,
        ),
    ],
    out: OutOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show one function: its signature, its contract and the reason, its dtypes, the evidence."""
    package = readable_package(out)
    manifest = requested_manifest(out)
    matches = name_search.resolve(manifest, name)
    if not matches:
        raise typer.BadParameter(
            f"The package has no function {name!r}. {name_search.nearest(manifest, name)}",
            param_hint="NAME",
        )
    observations, problems = frozen.committed_observations(package, manifest)
    for problem in problems:
        typer.echo(f"warning: {problem}", err=True)
    if as_json:
        printing.as_json(
            [function_page.facts(manifest, public, observations) for public in matches]
        )
    else:
        console = printing.console(100)
        with function_list.paged(console):
            for public in matches:
                function_page.page(console, manifest, public, observations)


@app.command()
def twins(out: OutOption = None, as_json: JsonOption = False) -> None:
    """Compare GPU libraries with their CPU twins: which functions differ, which are missing."""
    manifest = requested_manifest(out)
    if as_json:
        printing.as_json(twins_page.libraries(manifest))
    elif sys.stdout.isatty():
        from rich.markdown import Markdown  # takes 0.1 s, so only if needed

        Console().print(Markdown(twins_page.markdown(manifest)))
    else:
        print(twins_page.markdown(manifest), end="")


@app.command()
def doctor(out: OutOption = None, as_json: JsonOption = False) -> None:
    """Report which libraries and devices can be used here, and how to fix the others.

    Exit code 0: each installed library works, and is the version that was wrapped.
    Exit code 1: one doesn't work, or is another version (a patch release isn't).
    Libraries that aren't installed, and a missing GPU, leave the exit code at 0.
    """
    with failures():
        package = package_at(out)
        specs = requested_specs(None)
        libraries = frozen.read_record(package).manifest.libraries
        findings = examine(specs, libraries, package)
    if as_json:
        printing.as_json(findings)
    else:
        doctor_page.findings(printing.console(), findings)
    raise typer.Exit(1 if any(finding.ill for finding in findings) else 0)


app.command()(catalog)
app.command()(record)
app.command()(init)


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code; `__main__` documents the codes."""
    # The records are many objects that live until the end. Looking for cycles among them again and
    # again takes a fifth of the time of a build that changes nothing.
    gc.set_threshold(50_000, 50, 1000)
    write_any_character()
    try:
        app(args=arguments, prog_name="voxbind")
    except SystemExit as system_exit:
        code = system_exit.code
        return code if isinstance(code, int) else int(bool(code))
    return 0
