"""Library specifications: one short TOML file per library, and the code that reads and checks it.

`announced` finds the files of installed packages. `structure` and `values` check a file on its own,
`fitting` checks it against the library. `environment` and `importing` prepare and import the
library.
"""

from voxbind_build.libraries.environment import prepare, settings
from voxbind_build.libraries.fitting import misfits
from voxbind_build.libraries.importing import import_dotted
from voxbind_build.libraries.problems import Problem, SpecError, suggestion
from voxbind_build.libraries.reading import builtin, installed, load, load_all

__all__ = [
    "Problem",
    "SpecError",
    "builtin",
    "import_dotted",
    "installed",
    "load",
    "load_all",
    "misfits",
    "prepare",
    "settings",
    "suggestion",
]
