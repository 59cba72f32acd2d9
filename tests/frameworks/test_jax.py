"""Real jax arrays, on the CPU. Run by `make test-frameworks`, which installs jax."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import medialog
from medialog.datatypes import arrays
from medialog.validators.errors import InvalidInput

VALUES = np.arange(6.0, dtype=np.float32).reshape(2, 3)


@pytest.mark.parametrize(
    "make",
    [
        lambda: jnp.asarray(VALUES),
        lambda: jnp.asarray(VALUES, jnp.bfloat16),
        lambda: jnp.asarray(VALUES, jnp.float8_e4m3fn),
        lambda: jnp.asarray(VALUES, jnp.float8_e5m2),
        lambda: jnp.asarray(VALUES, jnp.int4),
        lambda: jnp.asarray(VALUES, jnp.uint4),
        lambda: jnp.asarray(VALUES, jnp.int32),
        lambda: jnp.asarray(VALUES).T.T,
        lambda: jax.device_put(VALUES),
        lambda: list(jnp.asarray(VALUES)),
        lambda: [[value for value in row] for row in jnp.asarray(VALUES)],  # noqa: C416
    ],
)
def test_spellings_of_one_array(make: Callable[[], Any]) -> None:
    array = arrays.to_numpy(make())

    assert type(array) is np.ndarray
    assert VALUES.tolist() == array.tolist()


def test_a_traced_array_has_no_values() -> None:
    @jax.jit  # type: ignore[untyped-decorator]
    def step(x: Any) -> Any:
        medialog.Histogram(x)
        return x

    with pytest.raises(InvalidInput, match="TracerArrayConversionError"):
        step(jnp.zeros(3))


def test_types_and_rows(tmp_path: Path) -> None:
    key = jax.random.key(0)
    pixels = jax.random.uniform(key, (6, 7, 3))
    numbers = jax.random.normal(key, (100,))
    ids = jax.random.randint(key, (6, 7), 0, 5)
    image = medialog.Image(pixels, masks={"m": {"mask_data": ids}})

    assert (np.rint(np.asarray(pixels, np.float64) * 255) == image.to_numpy()).all()
    assert (np.asarray(ids) == image.masks["m"].to_numpy()).all()
    assert medialog.Histogram(np.asarray(numbers)) == medialog.Histogram(numbers)
    assert medialog.Audio(np.sin(np.arange(9.0)).astype("f4"), sample_rate=8) == medialog.Audio(
        jnp.asarray(np.sin(np.arange(9.0)).astype("f4")), sample_rate=8
    )
    assert [[1, 0.5]] == medialog.Table(["a", "b"], [[jnp.int32(1), jnp.float32(0.5)]]).data
    with medialog.init(dir=tmp_path, config={"lr": jnp.float32(0.5)}) as run:
        run.log({"loss": jnp.float32(0.25), "few": jnp.arange(3), "many": numbers, "tree": {"w": numbers}})
        run.summary["whole"] = numbers
    (row,) = run.reader().history()
    assert (0.25, [0, 1, 2], "histogram") == (row["loss"], row["few"], row["many"]["_type"])
    assert "histogram" == row["tree.w"]["_type"]
    assert (np.asarray(numbers) == medialog.load(run.reader().summary["whole"], str(run.dir)).to_numpy()).all()
