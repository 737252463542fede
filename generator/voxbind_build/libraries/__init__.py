"""Library specifications: one short TOML for each library, its reader, and what importing takes.

`structure` and `values` check a file by itself, `fitting` checks it against the library.
"""

from voxbind_build.libraries.environment import prepare, settings
from voxbind_build.libraries.fitting import misfits
from voxbind_build.libraries.importing import import_dotted
from voxbind_build.libraries.problems import Problem, SpecError, suggestion
from voxbind_build.libraries.reading import builtin, load

__all__ = [
    "Problem",
    "SpecError",
    "builtin",
    "import_dotted",
    "load",
    "misfits",
    "prepare",
    "settings",
    "suggestion",
]
