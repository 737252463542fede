"""The functions that voxbind wraps, in OpenHCS's catalogue.

OpenHCS imports each module of its package ``openhcs.processing.backends.lib_registry``. The wheel
of this project puts this file there.
"""

from __future__ import annotations

import hashlib
import inspect
from functools import wraps
from importlib.resources import files
from importlib.util import find_spec

from arraybridge import MemoryContractAttribute
from openhcs.constants import MemoryType
from openhcs.utils.environment import OpenHCSProcessEnvironment

import voxbind
from voxbind.registry import functions

from .unified_registry import FunctionMetadata, LibraryRegistryBase, ProcessingContract

IMAGES = {"image", "mask", "labels", "resized"}


class VoxbindRegistry(LibraryRegistryBase):
    """Functions of an image that return an image, with the contracts that voxbind measured."""

    _registry_name = "voxbind"
    MODULES_TO_SCAN = ()  # voxbind's registry lists the functions
    MEMORY_TYPE = MemoryType.NUMPY.value  # also of functions that accept arrays of any memory

    def __init__(self):
        super().__init__("voxbind")

    def is_library_available(self):
        return True  # it is imported above

    def get_library_object(self):
        return voxbind

    def get_library_version(self):
        # OpenHCS keeps the entries in a cache until this text changes.
        record = hashlib.sha256(files("voxbind").joinpath("registry.json").read_bytes())
        installed = filter(find_spec, {entry.library for entry in functions().values()})
        cpu_only = OpenHCSProcessEnvironment.cpu_only_mode()
        return f"{voxbind.__version__} {record.hexdigest()} {sorted(installed)} {cpu_only}"

    def discover_functions(self):
        return {name: metadata(self, entry) for name, entry in functions().items() if fits(entry)}

    @classmethod
    def metadata_for_declared_callable(cls, func):
        entry = entry_of(inspect.unwrap(func))
        return metadata(cls(), entry) if entry is not None and fits(entry) else None

    def create_library_adapter(self, original_func, contract):
        return with_memory(original_func, memory_of(entry_of(original_func)))


def metadata(registry, entry):
    """Return OpenHCS's description of a function."""
    contract = ProcessingContract[entry.contract.name]
    return FunctionMetadata(
        name=entry.name,
        func=registry.reconstruct_cached_callable(entry.func, contract),
        contract=contract,
        registry=registry,
        module=entry.func.__module__,
        doc=entry.doc.partition("\n")[0],
        tags=[*entry.tags],
        original_name=entry.func.__name__,
        memory_type=memory_of(entry),
    )


def with_memory(function, memory):
    """Return a copy of a wrapper that names its memory, which decides OpenHCS's conversions."""

    @wraps(function)
    def adapter(image, *args, **kwargs):
        return function(image, *args, **kwargs)

    for attribute in MemoryContractAttribute:
        attribute.write(adapter, memory)
    return adapter


def entry_of(function):
    """Return the registry's entry for a wrapper; None for any other function."""
    return functions().get(f"{function.__module__}.{function.__name__}".removeprefix("voxbind."))


def memory_of(entry):
    """Return OpenHCS's name of the memory that a function gets its image in."""
    return entry.memory_type if entry.memory_type != "array_api" else MemoryType.NUMPY.value


def fits(entry):
    """Whether OpenHCS can call a function: its library is here, and it maps an image to one."""
    if OpenHCSProcessEnvironment.cpu_only_mode() and memory_of(entry) != MemoryType.NUMPY.value:
        return False
    first_result = entry.result if isinstance(entry.result, str) else entry.result[0]
    if entry.contract is None or entry.deprecated or entry.needs_channels:
        return False
    if first_result not in IMAGES or not (entry.library == "native" or find_spec(entry.library)):
        return False
    return next(iter(inspect.signature(entry.func).parameters)) in entry.arrays
