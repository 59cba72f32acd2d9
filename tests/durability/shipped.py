"""What the library's own reader is held to here."""

from __future__ import annotations

# Set to True with the reader that takes a line that stands in two files of a writer once, and hashes the media of rows
# behind the last `sync` of a writer without an `end`. Until then those cases are checked with `oracle.tell` alone.
READER_KNOWS_CONTINUATIONS = False
