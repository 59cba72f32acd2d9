"""What a notebook shows of a value: the room that draws it is named here, not imported, so that types stay below it."""

from __future__ import annotations

from importlib import import_module
from typing import Any

SHOWN_BY = "medialog.viewer.notebook"


def bundle(value: Any, include: Any = None, exclude: Any = None) -> dict[str, Any]:
    """Return the MIME bundle of a value of ours, as IPython's `_repr_mimebundle_` asks for it."""
    shown: dict[str, Any] = import_module(SHOWN_BY).bundle(value, include, exclude)
    return shown
