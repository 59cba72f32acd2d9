"""Names of W&B that medialog does not have: the error says what to do instead."""

from __future__ import annotations

import pytest

import medialog
from medialog import wandb_names


@pytest.mark.parametrize("name", sorted(wandb_names.OF_MODULE))
def test_a_name_of_the_module(name: str) -> None:
    assert name not in dir(medialog)
    with pytest.raises(AttributeError, match=f"no attribute '{name}': .+"):
        getattr(medialog, name)


@pytest.mark.parametrize("name", sorted(wandb_names.OF_RUN))
def test_a_name_of_a_run(name: str) -> None:
    with medialog.init(mode="memory") as run:
        assert not hasattr(medialog.Run, name)
        with pytest.raises(AttributeError, match=f"'Run' object has no attribute '{name}': .+"):
            getattr(run, name)


def test_a_name_that_nobody_has() -> None:
    with pytest.raises(AttributeError, match=r"module 'medialog' has no attribute 'Imge'$"):
        _ = medialog.Imge  # type: ignore[attr-defined]
    with (
        medialog.init(mode="memory") as run,
        pytest.raises(AttributeError, match=r"'Run' object has no attribute 'lgo'$"),
    ):
        run.lgo({})  # type: ignore[attr-defined]
