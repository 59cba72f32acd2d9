"""Optional libraries: imported where they are needed, and one clear sentence when they are not installed."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from medialog.validators.errors import MissingDependency


def require(module: str, extra: str) -> Any:
    """Return the imported `module`; `MissingDependency` names the `extra` of medialog that installs it."""
    name = module.partition(".")[0]
    try:
        return import_module(module)
    except ImportError as error:
        missing = isinstance(error, ModuleNotFoundError)
        reason = "is not installed" if missing else f"cannot be imported ({str(error)[:120]})"
        raise MissingDependency(f'this needs {name}, which {reason}: pip install "medialog[{extra}]"') from error
