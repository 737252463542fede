"""An editor as far as a language server knows: files that are opened, and what is asked of them."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self, TypeVar

from lsprotocol import types as lsp
from pygls.lsp.client import LanguageClient

__all__ = ["GENERATED", "SERVERS", "Editor", "Place", "Server"]

_T = TypeVar("_T")
GENERATED = Path(__file__).parents[2] / "generated"
"""What has to be on the search path, so that the wrappers can be imported."""
_PATIENCE = 120.0
"""Seconds to wait for an answer; the first comes after a server has read what is imported."""
_LEAVE = 5.0
"""Seconds that a server has to end by itself."""


@dataclass(frozen=True)
class Server:
    """How a language server is started, and told which interpreter's packages count."""

    command: tuple[str, ...]
    settings: Mapping[str, Any] = field(default_factory=dict)
    """By section, what it asks the editor for."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """What it is told when it starts."""


def _command(name: str) -> str:
    """Return a command of this environment, which need not be an active one."""
    return str(Path(sys.executable).parent / name)


SERVERS = {
    "basedpyright": Server(
        (_command("basedpyright-langserver"), "--stdio"),
        settings={"python": {"pythonPath": sys.executable}},
    ),
    "jedi": Server(
        (_command("jedi-language-server"),),
        options={
            "workspace": {"environmentPath": sys.executable},
            # They are of syntax alone, and timers for them outlive the session.
            "diagnostics": {"enable": False},
        },
    ),
}


class Place:
    """A place in an open file: the one that ``|`` marks in its text."""

    def __init__(self, uri: str, text: str) -> None:
        before = text.partition("|")[0]
        line = before.count("\n")
        column = len(before) - (before.rfind("\n") + 1)
        self.document = lsp.TextDocumentIdentifier(uri)
        self.position = lsp.Position(line, column)


class Editor:
    """A session with one server in one workspace; ``with`` ends the server.

    Parameters
    ----------
    server
        What to start.
    workspace
        A folder for the files that are opened.
    path
        Folders whose packages are found first.
    """

    def __init__(self, server: Server, workspace: Path, path: Sequence[Path] = ()) -> None:
        self._server, self._workspace = server, workspace
        self._path = os.pathsep.join(map(str, path))
        self._loop = asyncio.new_event_loop()
        self._client = LanguageClient("voxbind-tests", "1")
        self._errors: dict[str, set[int]] = {}
        self._heard = asyncio.Event()
        self._opened = 0

    def __enter__(self) -> Self:
        try:
            self._run(self._start())
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self._run(self._stop())
        finally:
            self._loop.close()

    async def _start(self) -> None:
        client = self._client

        @client.feature(lsp.WORKSPACE_CONFIGURATION)
        def configuration(asked: lsp.ConfigurationParams) -> list[Any]:
            return [self._server.settings.get(item.section or "") for item in asked.items]

        @client.feature(lsp.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
        def diagnosed(told: lsp.PublishDiagnosticsParams) -> None:
            self._errors[told.uri] = {
                each.range.start.line
                for each in told.diagnostics
                if each.severity == lsp.DiagnosticSeverity.Error
            }
            self._heard.set()

        @client.feature(lsp.WINDOW_LOG_MESSAGE)
        def logged(_: lsp.LogMessageParams) -> None:
            """Let a server talk."""

        environment = {**os.environ, "PYTHONPATH": self._path}
        await client.start_io(*self._server.command, env=environment, cwd=self._workspace)
        self._drain = asyncio.create_task(self._drained())
        await client.initialize_async(
            lsp.InitializeParams(
                capabilities=lsp.ClientCapabilities(
                    workspace=lsp.WorkspaceClientCapabilities(configuration=True),
                    text_document=lsp.TextDocumentClientCapabilities(
                        hover=lsp.HoverClientCapabilities(
                            content_format=[lsp.MarkupKind.Markdown, lsp.MarkupKind.PlainText]
                        )
                    ),
                ),
                root_uri=self._workspace.as_uri(),
                workspace_folders=[lsp.WorkspaceFolder(self._workspace.as_uri(), "workspace")],
                initialization_options=dict(self._server.options),
            )
        )
        client.initialized(lsp.InitializedParams())

    async def _drained(self) -> None:
        """Read what the server complains of: a pipe that nobody reads would stop it in the end."""
        process = self._client._server  # which pygls has no name for
        if process is not None and process.stderr is not None:
            while await process.stderr.read(1 << 16):
                pass

    async def _stop(self) -> None:
        process = self._client._server
        if process is None:  # it couldn't be started
            return
        try:
            await asyncio.wait_for(self._client.shutdown_async(None), _LEAVE)
            self._client.exit(None)
            await asyncio.wait_for(process.wait(), _LEAVE)
        except TimeoutError:
            process.kill()
        await self._client.stop()

    def open(self, text: str) -> Place:
        """Open a new file with this text, and return the place marked in it."""
        self._opened += 1
        uri = (self._workspace / f"file{self._opened}.py").as_uri()
        document = lsp.TextDocumentItem(uri, "python", 1, text.replace("|", ""))
        self._client.text_document_did_open(lsp.DidOpenTextDocumentParams(document))
        return Place(uri, text)

    def completions(self, place: Place) -> list[lsp.CompletionItem]:
        """Return what may be written here."""
        asked = lsp.CompletionParams(place.document, place.position)
        found = self._run(self._client.text_document_completion_async(asked))
        return list(found.items if isinstance(found, lsp.CompletionList) else found or ())

    def resolved(self, item: lsp.CompletionItem) -> lsp.CompletionItem:
        """Return one completion with what is shown beside it."""
        return self._run(self._client.completion_item_resolve_async(item))

    def hover(self, place: Place) -> str:
        """Return what is shown of the name here."""
        asked = lsp.HoverParams(place.document, place.position)
        found = self._run(self._client.text_document_hover_async(asked))
        return "" if found is None else _text(found.contents)

    def signatures(self, place: Place) -> list[lsp.SignatureInformation]:
        """Return the signatures that are shown while a call is written here."""
        asked = lsp.SignatureHelpParams(place.document, place.position)
        found = self._run(self._client.text_document_signature_help_async(asked))
        return [] if found is None else list(found.signatures)

    def definitions(self, place: Place) -> list[lsp.Location]:
        """Return where the name here is defined."""
        asked = lsp.DefinitionParams(place.document, place.position)
        found = self._run(self._client.text_document_definition_async(asked))
        places = found if isinstance(found, Sequence) else [found] if found else []
        return [each for each in places if isinstance(each, lsp.Location)]

    def errors(self, place: Place) -> set[int]:
        """Return the lines of a file's errors, as soon as the server tells of any."""
        return self._run(self._told_errors(place.document.uri))

    async def _told_errors(self, uri: str) -> set[int]:
        while not (lines := self._errors.get(uri)):  # the first that is told may be: none yet
            self._heard.clear()
            await self._heard.wait()
        return lines

    def _run(self, coroutine: Coroutine[Any, Any, _T]) -> _T:
        return self._loop.run_until_complete(asyncio.wait_for(coroutine, _PATIENCE))


def _text(contents: Any) -> str:
    """Return the text of a hover, in whichever of the protocol's forms it comes."""
    parts = (
        contents if isinstance(contents, Sequence) and not isinstance(contents, str) else [contents]
    )
    return "\n".join(part if isinstance(part, str) else part.value for part in parts)
