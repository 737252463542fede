"""Lists the deprecation warnings of a library's public names, by name."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence

from voxbind_build.discover.deprecation_messages import DeprecationReader
from voxbind_build.discover.resolve import Resolver
from voxbind_build.model import PublicName

__all__ = ["deprecations"]


def deprecations(
    resolver: Resolver, names: Sequence[PublicName], handed_on: Mapping[str, Iterable[str]]
) -> dict[str, tuple[str, ...]]:
    """Return the deprecation warnings in the source of functions, classes and modules.

    Parameters
    ----------
    resolver
        The library's source.
    names
        The public names of listed modules.
    handed_on
        By module in which nothing is wrapped, its names.

    Returns
    -------
    dict of str to tuple of str
        By dotted public name, sorted, the messages of `DeprecationReader`. Names without any are
        left out.
    """
    reader = DeprecationReader(resolver)
    listed = [public for public in names if public.exclusion is None]
    messages = dict(_of_listed(reader, resolver, listed))
    messages |= _of_handed_on(reader, resolver, handed_on, {public.name for public in names})
    return {name: warnings for name, warnings in sorted(messages.items()) if warnings}


def _of_listed(
    reader: DeprecationReader, resolver: Resolver, names: Iterable[PublicName]
) -> Iterator[tuple[str, tuple[str, ...]]]:
    for public in names:
        home = resolver.home(resolver.reach(public.module) or public.module, public.attribute)
        yield public.name, reader.messages(home)
        # An instance that a function makes is known by its class, beside which the function is.
        made = {member.partition(".")[0] for member in public.members}
        for name in sorted(made) if public.kind == "function" else ():
            yield f"{public.module}.{name}", reader.messages(resolver.home(home.module, name))


def _of_handed_on(
    reader: DeprecationReader,
    resolver: Resolver,
    handed_on: Mapping[str, Iterable[str]],
    listed: Container[str],
) -> Iterator[tuple[str, tuple[str, ...]]]:
    for module, names in handed_on.items():
        file = resolver.package.find(module)
        # Most modules warn of nothing, and reading what they import takes long.
        if file is not None and not file.is_compiled and b"warn(" in file.path.read_bytes():
            source = resolver.module(module)
            yield module, reader.of_module(source) if source is not None else ()
        if "*" in names:
            continue
        source = resolver.module(resolver.reach(module) or module)
        # Also names that aren't handed on, because the specification excludes them.
        exports = source.bindings if source is not None and source.is_package else ()
        package = module.rpartition(".")[0]
        for name in sorted({*names, *exports}):
            # What the package above has too is reported there.
            if not name.startswith("_") and f"{package}.{name}" not in listed:
                home = resolver.home(resolver.reach(module) or module, name)
                warnings = (*reader.decorators(home), *reader.messages(home))
                yield f"{module}.{name}", tuple(sorted(warnings))
