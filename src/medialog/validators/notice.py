"""Warnings that point at the user's line."""

from __future__ import annotations

import sys
import warnings

from medialog.validators.errors import MedialogWarning

_PACKAGE = __name__.partition(".")[0]


def warn(text: str, category: type[MedialogWarning]) -> None:
    """Issue a warning at the innermost line of the call stack that is not medialog's own."""
    level, frame = 1, sys._getframe(0)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] == _PACKAGE:
        level, frame = level + 1, frame.f_back
    warnings.warn(text, category, stacklevel=level)
