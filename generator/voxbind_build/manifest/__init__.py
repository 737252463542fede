"""The frozen record: creates, writes, reads and compares it.

`freeze` makes a library's entry from the results of the earlier stages, `compare` lists the
differences between two entries, and `changes` puts them into words, most important first.
`manifest_file` reads and writes the manifest, `manifest_text` has its layout, and `migrations`
converts an older one.
`observation_file` has the raw observations, `recording_file` those from a machine with a GPU.
`committed` reads all that an earlier build wrote, and `journal` has what a build has measured so
far.
"""

from voxbind_build.manifest.changes import all_changes, library_changes
from voxbind_build.manifest.committed import (
    Record,
    altered,
    committed_observations,
    read_record,
)
from voxbind_build.manifest.compare import compare, signature, signature_parts
from voxbind_build.manifest.freeze import freeze
from voxbind_build.manifest.journal import Journal
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
    as_recorded,
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
from voxbind_build.manifest.whole_file import write_whole

__all__ = [
    "MANIFEST",
    "RECORDINGS",
    "SCHEMA",
    "Journal",
    "ManifestError",
    "ObservationsError",
    "Record",
    "RecordingError",
    "all_changes",
    "altered",
    "as_recorded",
    "committed_observations",
    "compare",
    "decode_observations",
    "encode",
    "encode_observations",
    "encode_recordings",
    "fingerprint",
    "freeze",
    "library_changes",
    "observations_path",
    "read",
    "read_observations",
    "read_record",
    "read_recordings",
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
