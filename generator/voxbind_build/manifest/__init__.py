"""The frozen record: freeze it, write it, read it back, compare two of it.

`manifest_file` is the manifest's file and `migrations` the way from an older one to it,
`observation_file` the raw observations beside it, `recording_file` the observations that come
from a machine with a GPU, `committed` all that an earlier build left. `freeze` makes a library's
entry of what the earlier stages have, and `compare` tells two entries apart.
`changes` puts their differences into words, most important first.
"""

from voxbind_build.manifest.changes import all_changes, library_changes
from voxbind_build.manifest.committed import (
    Record,
    altered,
    forget_unfinished,
    keep_unfinished,
    read_record,
    read_unfinished,
    write_whole,
)
from voxbind_build.manifest.compare import compare, signature, signature_parts
from voxbind_build.manifest.freeze import freeze
from voxbind_build.manifest.manifest_file import (
    MANIFEST,
    SCHEMA,
    ManifestError,
    encode,
    read,
    schema,
    seal,
)
from voxbind_build.manifest.observation_file import (
    ObservationsError,
    decode_observations,
    encode_observations,
    observations_path,
    read_observations,
)
from voxbind_build.manifest.recording_file import (
    RECORDINGS,
    RecordingError,
    encode_recordings,
    read_recordings,
    shipped_recordings,
    updated_recordings,
)
from voxbind_build.manifest.sealing import sha256
from voxbind_build.manifest.validity import fingerprint, source_fingerprint

__all__ = [
    "MANIFEST",
    "RECORDINGS",
    "SCHEMA",
    "ManifestError",
    "ObservationsError",
    "Record",
    "RecordingError",
    "all_changes",
    "altered",
    "compare",
    "decode_observations",
    "encode",
    "encode_observations",
    "encode_recordings",
    "fingerprint",
    "forget_unfinished",
    "freeze",
    "keep_unfinished",
    "library_changes",
    "observations_path",
    "read",
    "read_observations",
    "read_record",
    "read_recordings",
    "read_unfinished",
    "schema",
    "seal",
    "sha256",
    "shipped_recordings",
    "signature",
    "signature_parts",
    "source_fingerprint",
    "updated_recordings",
    "write_whole",
]
