"""The frozen record: freeze it, write it, read it back, compare two of it.

`document` is the manifest's file, `record` the files of raw observations beside it,
`recordings` the file in which observations come from a machine with a device,
`freeze` makes a library's entry of what the earlier stages found, and `compare` tells
two entries apart.
"""

from voxbind_build.manifest.compare import compare, signature, signature_parts
from voxbind_build.manifest.document import (
    MANIFEST,
    SCHEMA,
    ManifestError,
    encode,
    read,
    schema,
    seal,
    sha256,
)
from voxbind_build.manifest.freeze import freeze
from voxbind_build.manifest.record import (
    Record,
    altered,
    decode_observations,
    encode_observations,
    fingerprint,
    forget_unfinished,
    keep_unfinished,
    observations_path,
    read_observations,
    read_record,
    read_unfinished,
    source_fingerprint,
    write_whole,
)
from voxbind_build.manifest.recordings import (
    RecordingError,
    encode_recordings,
    read_recordings,
)

__all__ = [
    "MANIFEST",
    "SCHEMA",
    "ManifestError",
    "Record",
    "RecordingError",
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
    "observations_path",
    "read",
    "read_observations",
    "read_record",
    "read_recordings",
    "read_unfinished",
    "schema",
    "seal",
    "sha256",
    "signature",
    "signature_parts",
    "source_fingerprint",
    "write_whole",
]
