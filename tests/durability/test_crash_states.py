"""Every state that a power cut may leave of a run, at every point of its life."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from durability.crashes import SCENARIOS, Scenario, examine
from durability.runs import WIDER, Process

NewProcess = Callable[..., Process]
pytestmark = pytest.mark.filterwarnings("ignore::medialog.validators.errors.Advice")


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
def test_a_power_cut_at_every_point(process: NewProcess, scenario: Scenario) -> None:
    result = examine(process, scenario, most=600 * WIDER, resume_every=11)

    assert result.violations[:10] == []
    assert result.states > 300
    assert result.resumed > 1
