"""The frozen record: freeze it, write it, read it back, compare two of it.

`manifest_file` is the manifest's file and `migrations` the way from an older one to it,
`observation_file` the raw observations beside it, `recording_file` the observations that come
from a machine with a GPU, `committed` all that an earlier build left, and `journal` what a build
has measured so far. `freeze` makes a library's entry of what the earlier stages have, and
`compare` tells two entries apart.
"""

from voxbind_build.manifest.committed import (
    Record,
    altered,
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
    "altered",
    "compare",
    "decode_observations",
    "encode",
    "encode_observations",
    "encode_recordings",
    "fingerprint",
    "freeze",
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
