"""The laws that every type obeys: those that medialog ships for types of other packages too."""

from __future__ import annotations

from medialog.testing.laws import Call as Call
from medialog.testing.laws import TypeLaws as TypeLaws
from medialog.testing.laws import assert_same as assert_same
from medialog.testing.laws import call as call
from medialog.testing.laws import call_of as call_of
from medialog.testing.laws import overwrite as overwrite
