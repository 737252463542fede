"""The frozen records that pass between the stages.

Every stage takes records defined here and gives records defined here; this package
imports no stage. The records are `msgspec` structs: what is decoded from TOML or JSON is
checked against these types, with the path of the offending field in the error.
"""

from voxbind_build.model.changes import Change, Heading, LibraryChanges
from voxbind_build.model.description import (
    Description,
    Form,
    Parameter,
    Returns,
)
from voxbind_build.model.manifest import (
    Difference,
    Function,
    Library,
    Manifest,
)
from voxbind_build.model.observation import (
    AxisArgument,
    Call,
    Ending,
    Machine,
    Observation,
    OptionEffect,
    ProbeTask,
    Recording,
    Recordings,
    Result,
)
from voxbind_build.model.role_sets import (
    IMAGE_ROLES,
    OUTPUT_ROLES,
    WHOLE_ROLES,
)
from voxbind_build.model.source import (
    Definition,
    Inventory,
    PublicName,
    SourceParameter,
)
from voxbind_build.model.spec import (
    Declaration,
    EnvironmentVariable,
    Exclusion,
    LibrarySpec,
)
from voxbind_build.model.twin import (
    Agreement,
    Deviation,
    Twin,
    Twins,
)
from voxbind_build.model.verdict import (
    DtypeFact,
    Overruled,
    TypeFindings,
    Verdict,
)
from voxbind_build.model.vocabulary import (
    DECISIVE,
    GIVEN,
    NOT_FOR_USERS,
    SCHEMA_VERSION,
    SEEN,
    SLICE_BY_SLICE,
    UNRENDERABLE,
    Aspect,
    AxisKeyword,
    AxisKind,
    Contract,
    Evidence,
    MemoryType,
    Numbers,
    Outcome,
    ParameterKind,
    Part,
    Preserved,
    ResultKind,
    TypeSource,
)

__all__ = [
    "DECISIVE",
    "GIVEN",
    "IMAGE_ROLES",
    "NOT_FOR_USERS",
    "OUTPUT_ROLES",
    "SCHEMA_VERSION",
    "SEEN",
    "SLICE_BY_SLICE",
    "UNRENDERABLE",
    "WHOLE_ROLES",
    "Agreement",
    "Aspect",
    "AxisArgument",
    "AxisKeyword",
    "AxisKind",
    "Call",
    "Change",
    "Contract",
    "Declaration",
    "Definition",
    "Description",
    "Deviation",
    "Difference",
    "DtypeFact",
    "Ending",
    "EnvironmentVariable",
    "Evidence",
    "Exclusion",
    "Form",
    "Function",
    "Heading",
    "Inventory",
    "Library",
    "LibraryChanges",
    "LibrarySpec",
    "Machine",
    "Manifest",
    "MemoryType",
    "Numbers",
    "Observation",
    "OptionEffect",
    "Outcome",
    "Overruled",
    "Parameter",
    "ParameterKind",
    "Part",
    "Preserved",
    "ProbeTask",
    "PublicName",
    "Recording",
    "Recordings",
    "Result",
    "ResultKind",
    "Returns",
    "SourceParameter",
    "Twin",
    "Twins",
    "TypeFindings",
    "TypeSource",
    "Verdict",
]
