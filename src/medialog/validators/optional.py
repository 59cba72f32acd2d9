"""Optional libraries: imported where they are needed, and one clear sentence when they are not installed."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from medialog.validators.errors import MissingDependency


def require(module: str, extra: str) -> Any:
    """Return the imported `module`; `MissingDependency` names the `extra` of medialog that installs it."""
    try:
        return import_module(module)
    except ImportError as error:
        raise MissingDependency(f'{module} is needed here: pip install "medialog[{extra}]"') from error
