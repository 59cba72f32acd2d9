"""The command `medialog report`."""

from __future__ import annotations

import argparse
import sys
from typing import Any

VALID, USAGE = 0, 2


def add_report(commands: Any) -> None:
    """Add the command to a parser's commands."""
    report = commands.add_parser(
        "report",
        help="write a run as one HTML file that opens anywhere",
        description="Write a run as one self-contained HTML file, or as a folder without scripts.",
        epilog="What is left out is stated in the file. Exit code: 0 written, 2 wrong usage or not a run.",
    )
    report.add_argument("run", metavar="RUN", help="a run directory")
    report.add_argument("-o", "--output", metavar="FILE", help="the file to write (default: report.html)")
    report.add_argument(
        "--steps", default="all", metavar="all|last|every:N", help="media of which steps (numbers are always whole)"
    )
    report.add_argument("--keys", nargs="+", metavar="GLOB", help="only keys that match: 'val.*' 'train/loss'")
    report.add_argument("--max-size", default="200MB", metavar="SIZE", help="the most the file may have (200MB)")
    report.add_argument("--table-rows", type=int, default=10_000, metavar="N", help="rows of a table (10,000)")
    report.add_argument("--static", metavar="DIR", help="write a folder without scripts instead: pictures and links")
    report.add_argument("--html-eval", action="store_true", help="allow eval to pages that were logged as html")
    report.set_defaults(command=run_report)


def run_report(options: argparse.Namespace) -> int:
    """Write a report and say where it is."""
    from medialog.validators.errors import Error
    from medialog.viewer.report import report
    from medialog.viewer.static_pages import write_static

    try:
        if options.static is not None:
            written = write_static(
                options.run, options.static, steps=options.steps, keys=options.keys, max_size=options.max_size
            )
            if options.output is None:
                _say(str(written))
                return VALID
        written = report(
            options.run,
            options.output or "report.html",
            steps=options.steps,
            keys=options.keys,
            max_size=options.max_size,
            table_rows=options.table_rows,
            html_eval=options.html_eval,
        )
    except (Error, OSError) as error:
        sys.stderr.write(f"medialog: {_plain(str(error))}\n")
        return USAGE
    _say(str(written))
    if written.problems:
        many = len(written.problems)
        _say(f"  {many:,} problem{'s' * (many != 1)}: the report lists {'them' if many > 1 else 'it'}")
    return VALID


def _say(text: str) -> None:
    sys.stdout.write(f"{_plain(text)}\n")


def _plain(text: str) -> str:
    """Return text without control characters: a path or a stored text must not steer the terminal."""
    return "".join(character if character.isprintable() else repr(character)[1:-1] for character in text)
