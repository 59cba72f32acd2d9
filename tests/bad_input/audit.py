"""Runs a sample of the corpus under an audit hook: `python audit.py STRIDE OFFSET`. Prints one line for each finding.

No case may connect to anything, start a program, or open a file for writing outside the run's directory and the temporary
one.
"""

from __future__ import annotations

import importlib
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

LETTERS = ("k_keys", "n_values", "i_images", "b_overlays", "v_video", "a_audio", "t_tables", "h_html", "d_histograms",
           "o_objects3d", "l_molecules", "c_charts")  # fmt: skip
FORBIDDEN = ("socket.", "subprocess.", "os.system", "os.exec", "os.posix_spawn", "os.fork", "os.startfile", "ftplib.",
             "urllib.", "http.client", "webbrowser.", "ctypes.dlopen", "pickle.find_class")  # fmt: skip
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


def main(stride: int, offset: int) -> int:
    modules = [importlib.import_module(f"bad_input.test_{letter}") for letter in LETTERS]
    for name in (
        "moviepy",
        "soundfile",
        "av",
        "rdkit.Chem",
        "rdkit.Chem.AllChem",
        "trimesh",
        "matplotlib.pyplot",
        "pyarrow.parquet",
    ):
        importlib.import_module(name)
    from bad_input.postcondition import Bench

    cases = [case for module in modules for case in module.CASES][offset::stride]
    findings: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        allowed = (os.path.realpath(folder), "/dev/null", os.path.realpath("/proc/self/clear_refs"))
        running = [""]

        def hook(event: str, arguments: tuple[Any, ...]) -> None:
            if not running[0]:
                return
            if event.startswith(FORBIDDEN):
                findings.append(f"{running[0]}: {event} {arguments!r:.200}")
            elif event == "open":
                path, mode, flags = arguments
                writes = flags & WRITING if isinstance(flags, int) else set(mode or "") & set("wax+")
                if writes and isinstance(path, (str, bytes)):
                    where = os.path.realpath(os.fsdecode(path))
                    if not where.startswith(allowed):
                        findings.append(f"{running[0]}: open for writing {where}")

        sys.addaudithook(hook)
        for index, case in enumerate(cases):
            directory = Path(folder) / str(index)
            directory.mkdir()
            running[0] = str(case)
            bench = Bench(directory)
            try:
                bench.hold(case)
            except AssertionError as error:
                findings.append(f"{case}: {error!s:.200}")
            bench.close()
            running[0] = ""
    for finding in findings:
        print(ascii(finding))
    print(f"{len(cases)} cases, {len(findings)} findings")
    return min(len(findings), 1)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2])))
