"""The laws that every type obeys: those that medialog ships for types of other packages too."""

from __future__ import annotations

from medialog.testing.laws import Call, TypeLaws, assert_same, call, call_of, overwrite

__all__ = ["Call", "TypeLaws", "assert_same", "call", "call_of", "overwrite"]
