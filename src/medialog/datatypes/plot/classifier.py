"""`pr_curve` and `roc_curve`: how good a classifier's scores are, one curve for each class against the rest.

Source: the 2020 guide's "Custom charts" and the PR curves of the reference pages; names and defaults are those of
`wandb.plot`. The points are exact (see `curves`), not rounded and not resampled.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from medialog.datatypes.base import ChangeLog
from medialog.datatypes.plot import curves, vegalite
from medialog.datatypes.plot.chart import Chart
from medialog.datatypes.plot.drawing import Drawing, Field, Preset
from medialog.datatypes.plot.labels import (
    Classes,
    match_binary,
    match_columns,
    name_of,
    read_labels,
    read_names,
    read_scores,
    same_length,
)
from medialog.validators import checks
from medialog.validators import rules as rulebook
from medialog.validators.errors import InvalidInput, Violation

if TYPE_CHECKING:
    import numpy as np

    from medialog.datatypes.table import Table
    from medialog.validators.rules import Rules, Strictness


def pr_curve(
    y_true: Any = None,
    y_probas: Any = None,
    labels: Iterable[str] | None = None,
    classes_to_plot: Iterable[Any] | None = None,
    interp_size: int | None = None,
    title: str | None = "Precision-Recall Curve",
    split_table: bool = False,
    *,
    limits: Mapping[str, Any] | None = None,
    strict: Strictness | None = None,
) -> Chart:
    """Return precision-recall curves, one for each class against the rest.

    `y_true`: n labels. `y_probas`: n x k scores in [0, 1], a column for each class, or n scores of the positive class
    of two. `labels`: the classes' names in the order of the columns; whole numbers in `y_true` are then indices into
    them. Without names, labels 0..k-1 are the columns; other labels must have exactly k different values, which sorted
    are the columns; with n scores, labels are 0 and 1, or -1 and 1. `classes_to_plot`: names or numbers of classes; by
    default every class that has an example.

    Every distinct score is a point, as in scikit-learn's `precision_recall_curve`; `interp_size` asks for that many
    even recalls instead, each with the best precision at that recall or more (W&B draws 21 such points). The table has
    the columns class, precision, recall and threshold (empty at the end point). All curves of a chart have at most
    `plot.curve_points` points together (and `table.rows`): above it they are thinned, recorded and warned about.

    Raises `InvalidInput`: lengths that differ, scores that are not in [0, 1], labels of no column, only one class.
    """
    rules = rulebook.current().but(limits, strict)
    log = ChangeLog(rules, "pr_curve")
    size = _check_size(interp_size, rules)
    scored = _read_scored(y_true, y_probas, labels, classes_to_plot)

    def compute(positive: np.ndarray, scores: np.ndarray) -> curves.Curve:
        curve = curves.precision_recall(positive, scores)
        return curve if size is None else curves.interpolate_precision(curve, size)

    if size is not None:
        log.record("plot.interpolated", f"{size} even recalls, each with the best precision at that recall or more")
    names, recall, precision, threshold = _points(scored, compute, log, rules)
    cells: dict[str, list[Any]] = {"class": names, "precision": precision, "recall": recall, "threshold": threshold}
    return Chart.preset(
        PR_CURVE,
        _table_of(cells, rules),
        {"x": "recall", "y": "precision", "class": "class"},
        {"title": "" if title is None else title, "x-axis-title": "Recall", "y-axis-title": "Precision"},
        split_table=split_table,
        changes=log.changes,
        advice=scored.advice(),
        limits=limits,
        strict=strict,
    )


def roc_curve(
    y_true: Any = None,
    y_probas: Any = None,
    labels: Iterable[str] | None = None,
    classes_to_plot: Iterable[Any] | None = None,
    title: str | None = "ROC Curve",
    split_table: bool = False,
    *,
    limits: Mapping[str, Any] | None = None,
    strict: Strictness | None = None,
) -> Chart:
    """Return ROC curves, one for each class against the rest, with the diagonal of chance.

    The arguments are those of `pr_curve`. Every distinct score is a point, as in scikit-learn's
    `roc_curve(drop_intermediate=False)`. The table has the columns class, fpr, tpr and threshold (empty at the first
    point).
    """
    rules = rulebook.current().but(limits, strict)
    log = ChangeLog(rules, "roc_curve")
    scored = _read_scored(y_true, y_probas, labels, classes_to_plot)
    names, fpr, tpr, threshold = _points(scored, curves.roc, log, rules)
    cells: dict[str, list[Any]] = {"class": names, "fpr": fpr, "tpr": tpr, "threshold": threshold}
    return Chart.preset(
        ROC_CURVE,
        _table_of(cells, rules),
        {"x": "fpr", "y": "tpr", "class": "class"},
        {
            "title": "" if title is None else title,
            "x-axis-title": "False positive rate",
            "y-axis-title": "True positive rate",
        },
        split_table=split_table,
        changes=log.changes,
        advice=scored.advice(),
        limits=limits,
        strict=strict,
    )


class _Scored(NamedTuple):
    """Examples with their scores: the class of each, which classes to plot, and which have no example."""

    classes: Classes
    scores: np.ndarray
    chosen: list[int]
    absent: list[str]

    def advice(self) -> list[tuple[str, str]]:
        if not self.absent:
            return []
        names = ", ".join(checks.show(name) for name in self.absent)
        return [("plot.absent_class", f"no curve for classes without an example in y_true: {names[:200]}")]


def _read_scored(y_true: Any, y_probas: Any, names: Any, classes_to_plot: Any) -> _Scored:
    true = read_labels(y_true, "y_true")
    scores = read_scores(y_probas, "y_probas", of_probability=True)
    checks.refuse([same_length(len(scores), len(true), "y_probas", "labels in y_true")])
    given = read_names(names, "labels")
    if scores.ndim == 1:
        classes, offered = match_binary(true, given, "y_true", "labels"), [1]
    else:
        classes = match_columns(true, scores.shape[1], given, "y_true", "labels")
        offered = list(range(scores.shape[1]))
    return _Scored(classes, scores, *_choose(classes, offered, classes_to_plot))


def _points(
    scored: _Scored, compute: Callable[[np.ndarray, np.ndarray], curves.Curve], log: ChangeLog, rules: Rules
) -> tuple[list[str], list[float], list[float], list[float | None]]:
    """Return class, x, y and threshold of every point of every curve, thinned where there are too many."""
    most = min(rules.limit("plot.curve_points"), rules.limit("table.rows"))
    budget = max(2, most // len(scored.chosen))
    left_out = 0
    names: list[str] = []
    x: list[float] = []
    y: list[float] = []
    thresholds: list[float | None] = []
    for index in scored.chosen:
        scores = scored.scores if scored.scores.ndim == 1 else scored.scores[:, index]
        exact = compute(scored.classes.codes == index, scores)
        curve = curves.thin(exact, budget)
        left_out += len(exact.x) - len(curve.x)
        names += [scored.classes.names[index]] * len(curve.x)
        x += curve.x.tolist()
        y += curve.y.tolist()
        thresholds += [None if math.isnan(value) else value for value in curve.threshold.tolist()]
    if left_out:
        log.lose("plot.thinned", f"{len(x):,} of {len(x) + left_out:,} points kept, evenly along each curve", left_out)
    return names, x, y, thresholds


def _table_of(cells: Mapping[str, list[Any]], rules: Rules) -> Table:
    from medialog.datatypes.table import Table

    rows = [list(row) for row in zip(*cells.values(), strict=True)]
    return Table(columns=list(cells), data=rows, limits=rules.limits, strict=rules.strict)


def _check_size(interp_size: Any, rules: Rules) -> int | None:
    if interp_size is None:
        return None
    size, most = checks.whole_number(interp_size), rules.limit("plot.curve_points")
    if size is None or not 2 <= size <= most:
        expected = f"a whole number in 2..{most:,}, or None for every point"
        raise InvalidInput(Violation("interp_size", "plot.interp_size", expected, checks.show(interp_size)))
    return size


def _choose(classes: Classes, offered: list[int], wanted: Any) -> tuple[list[int], list[str]]:
    """Return the indices of the classes to plot, and the names of those that cannot be because they have no example."""
    import numpy as np

    counts = np.bincount(classes.codes, minlength=len(classes.names))
    total = int(counts.sum())
    if not total or (counts == total).any():
        only = repr(classes.names[int(counts.argmax())]) if total else "nothing"
        expected = "examples of at least two classes (precision and rates of a single one are not defined)"
        raise InvalidInput(Violation("y_true", "plot.one_class", expected, f"only {only}"))
    if wanted is None:
        chosen = [index for index in offered if counts[index]]
        return chosen, [classes.names[index] for index in offered if not counts[index]]
    chosen = []
    found: list[Violation | None] = []
    asked = read_names(wanted, "classes_to_plot")
    for place, name in enumerate(asked or []):
        text = name if isinstance(name, str) else name_of(name)
        at = f"classes_to_plot[{place}]"
        index = classes.names.index(text) if text in classes.names else name if isinstance(name, int) else -1
        if index not in offered:
            expected = f"one of {checks.show([classes.names[i] for i in offered], 120)}"
            found.append(Violation(at, "plot.classes", expected, checks.show(name)))
        elif not counts[index]:
            found.append(Violation(at, "plot.one_class", "a class with an example in y_true", checks.show(name)))
        else:
            chosen.append(index)
    if not chosen and not found:
        found.append(Violation("classes_to_plot", "plot.classes", "at least one class", "none"))
    checks.refuse(found)
    return chosen, []


def _draw_curves(drawing: Drawing, interpolate: str = "linear", *, diagonal: bool = False) -> dict[str, Any]:
    columns = drawing.columns
    encoding: dict[str, Any] = {}
    for axis in ("x", "y"):
        title = drawing.strings.get(f"{axis}-axis-title") or columns[axis].name
        values = [value for value in columns[axis].values if value is not None]
        unit = all(0 <= value <= 1 for value in values)
        scale = {"scale": {"domain": [0, 1]}, "axis": {"tickCount": 5, "format": ".1f"}} if unit else {}
        encoding[axis] = {**vegalite.channel(axis, columns[axis], **scale), "title": vegalite.lines(title)}
    shown = columns.get("class")
    colour = {"value": vegalite.SINGLE} if shown is None else vegalite.categories("class", shown, title="Class")
    curve = {
        "mark": {"type": "line", "interpolate": interpolate, "order": False, "strokeWidth": 2},
        "encoding": {
            **encoding,
            "color": colour,
            "tooltip": vegalite.tooltip(columns, x=".4f", y=".4f"),
        },
    }
    if not diagonal:
        return vegalite.chart(drawing, curve, width=380, height=340)
    chance = {
        "data": {"values": [{"x": 0, "y": 0}, {"x": 1, "y": 1}]},
        "mark": {"type": "line", "color": vegalite.QUIET, "strokeDash": [4, 4], "strokeWidth": 1},
        "encoding": {"x": {"field": "x", "type": "quantitative"}, "y": {"field": "y", "type": "quantitative"}},
    }
    return vegalite.chart(drawing, {"layer": [chance, curve]}, width=380, height=340)


def _draw_pr(drawing: Drawing) -> dict[str, Any]:
    # Between two recalls precision is that of the point with the higher recall: a step, not a slope.
    return _draw_curves(drawing, "step-after")


def _draw_roc(drawing: Drawing) -> dict[str, Any]:
    return _draw_curves(drawing, diagonal=True)


_NAME = "wandb/area-under-curve/v0"
_FIELDS = {"x": Field(("number",)), "y": Field(("number",)), "class": Field(optional=True)}
AREA_UNDER_CURVE = Preset(_NAME, _FIELDS, _draw_curves)
PR_CURVE = Preset(_NAME, _FIELDS, _draw_pr)
ROC_CURVE = Preset(_NAME, _FIELDS, _draw_roc)
