"""How long a table takes, as a ratio to pyarrow writing the same DataFrame to Parquet.

    python benchmarks/bench_table.py [rows]

Ratios within one run are what counts: the machine's own speed cancels out.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from medialog.datatypes.base import decode
from medialog.datatypes.files import MemorySink
from medialog.datatypes.table import Table


def best(run: Callable[[], object], repeats: int = 5) -> float:
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return min(times)


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
    random = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "id": np.arange(rows),
            "loss": random.random(rows),
            "name": [f"row {i % 1000}" for i in range(rows)],
            "time": pd.date_range("2026-01-01", periods=rows, freq="s"),
            "ok": random.random(rows) > 0.5,
            "score": random.random(rows, dtype=np.float32),
        }
    )
    polars, arrow = pl.from_pandas(frame), pa.Table.from_pandas(frame, preserve_index=False)
    limits = {"table.rows": rows}

    def reference() -> None:
        table = pa.Table.from_pandas(frame, preserve_index=False)
        pq.write_table(table, pa.BufferOutputStream(), compression="zstd")

    def stored(given: object) -> tuple[dict[str, object], MemorySink]:
        sink = MemorySink()
        return Table(dataframe=given, limits=limits).encode_into(sink), sink

    def add_rows() -> None:
        table = Table(["id", "loss", "name"], limits=limits)
        for i in range(10_000):
            table.add_data(i, 0.5, "row")

    unit = best(reference)
    descriptor, sink = stored(frame)
    print(f"{rows:,} rows x 6 columns; pyarrow alone: {unit * 1e3:.1f} ms = 1.00")
    for name, run in {
        "pandas, constructed": lambda: Table(dataframe=frame, limits=limits),
        "pandas, constructed and stored": lambda: stored(frame),
        "polars, constructed and stored": lambda: stored(polars),
        "pyarrow, constructed and stored": lambda: stored(arrow),
        "loaded": lambda: decode(descriptor, sink),
        "loaded, to pandas": lambda: decode(descriptor, sink).to_pandas(),
        "10,000 times add_data": add_rows,
    }.items():
        print(f"{name:35}{best(run) / unit:8.2f}")


if __name__ == "__main__":
    main()
