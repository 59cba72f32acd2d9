"""What is allowed: limits, rules, errors, and the checks of inputs, descriptors and run directories.

- `limits`: every documented number, once.
- `rules`: which limits and which strictness hold now.
- `errors`: the exceptions, and `Violation`, one broken rule.
- `checks`: what inputs must be (a *check* looks at a value a user gave).
- `descriptors`: what documents must be (to *validate* is to hold a JSON document against its schema).
- `run`: what a run directory must be, or a folder of descriptors.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from medialog.validators.descriptors import check_descriptor, validate
    from medialog.validators.descriptors import schema_of as schema
    from medialog.validators.errors import Violation
    from medialog.validators.limits import LIMITS, Limit
    from medialog.validators.rules import Rules
    from medialog.validators.run import is_note, validate_file, validate_folder, validate_run

__all__ = [
    "LIMITS",
    "Limit",
    "Rules",
    "Violation",
    "check_descriptor",
    "is_note",
    "schema",
    "validate",
    "validate_file",
    "validate_folder",
    "validate_run",
]

_HOMES = {
    "LIMITS": ("medialog.validators.limits", "LIMITS"),
    "Limit": ("medialog.validators.limits", "Limit"),
    "Rules": ("medialog.validators.rules", "Rules"),
    "Violation": ("medialog.validators.errors", "Violation"),
    "check_descriptor": ("medialog.validators.descriptors", "check_descriptor"),
    "is_note": ("medialog.validators.run", "is_note"),
    "schema": ("medialog.validators.descriptors", "schema_of"),
    "validate": ("medialog.validators.descriptors", "validate"),
    "validate_file": ("medialog.validators.run", "validate_file"),
    "validate_folder": ("medialog.validators.run", "validate_folder"),
    "validate_run": ("medialog.validators.run", "validate_run"),
}


if not TYPE_CHECKING:  # a type checker that saw a module `__getattr__` would accept every misspelt name

    def __getattr__(name: str) -> Any:
        from importlib import import_module

        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        module, attribute = _HOMES[name]
        return getattr(import_module(module), attribute)
