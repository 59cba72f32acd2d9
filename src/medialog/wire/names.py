"""Names that may become part of a path: run ids, projects, media files.

Nothing a user supplies reaches a path except a run id or a standalone file name, and those only after
`problem_with_name` found nothing. Media files are named by their content.
"""

from __future__ import annotations

import re

NAME_PATTERN = r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}"
MEDIA_PATH_PATTERN = r"media/([0-9a-f]{2})/([0-9a-f]{64})\.([A-Za-z0-9]{1,12}(?:\.[A-Za-z0-9]{1,12})?)"
SUFFIX_PATTERN = r"[A-Za-z0-9]{1,12}(?:\.[A-Za-z0-9]{1,12})?"
SEGMENT_PATTERN = r"(r(\d+)-\d+-[0-9a-f]{12})-(\d{1,9})\.jsonl"  # writer, its rank, the file's number

FORMAT_VERSION = 1
RUN, CONFIG, SUMMARY, EVENTS, MEDIA, TEMPORARY = "run.json", "config.json", "summary.json", "events", "media", "tmp"
RESERVE = f"{TEMPORARY}/reserve-"  # and the writer: room that it gives back to a full disk
DESCRIPTOR_SUFFIX = ".medialog.json"

_NAME = re.compile(NAME_PATTERN)
_MEDIA_PATH = re.compile(MEDIA_PATH_PATTERN)
_SUFFIX = re.compile(SUFFIX_PATTERN)
_WINDOWS_DEVICES = frozenset(
    {"con", "prn", "aux", "nul", "conin$", "conout$"}
    | {f"{device}{digit}" for device in ("com", "lpt") for digit in "0123456789"}
)


def problem_with_name(name: object) -> str | None:
    """Say what keeps `name` from being a directory or file name on every system, or None when nothing does."""
    if not isinstance(name, str):
        return "a string"
    if not _NAME.fullmatch(name):
        return "1 to 128 letters, digits, '.', '_' or '-', beginning with a letter or digit"
    if name.endswith("."):
        return "a name that does not end with a dot (Windows drops it)"
    if name.split(".", 1)[0].lower() in _WINDOWS_DEVICES:
        return "a name that is not a Windows device"
    return None


def media_path(sha256: str, suffix: str) -> str:
    """Return `media/<aa>/<sha256>.<suffix>`, the only place where a media file may live."""
    if not _SUFFIX.fullmatch(suffix):
        raise ValueError(f"not a file suffix: {suffix!r}")
    return f"media/{sha256[:2]}/{sha256}.{suffix}"


def problem_with_media_path(path: object, sha256: object = None) -> str | None:
    """Say why `path` (from a descriptor) may not be opened, or None when it is a content-addressed media path."""
    if not isinstance(path, str):
        return f"a string, got {type(path).__name__}"
    match = _MEDIA_PATH.fullmatch(path)
    if match is None:
        return "media/<aa>/<sha256>.<suffix>, relative and without '..'"
    folder, digest, _ = match.groups()
    if folder != digest[:2]:
        return f"a file in media/{digest[:2]}/"
    if sha256 is not None and digest != sha256:
        return "a file named by the descriptor's own sha256"
    return None
