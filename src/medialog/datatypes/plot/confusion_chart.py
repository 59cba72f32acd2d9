"""`confusion_matrix`: which class was taken for which.

Source: the 2020 guide's "Custom charts"; names are those of `wandb.plot`. The counts are made in `confusion`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from medialog.datatypes.plot import labels, vegalite
from medialog.datatypes.plot.chart import Chart
from medialog.datatypes.plot.confusion import count_pairs
from medialog.datatypes.plot.drawing import Drawing, Field, Preset
from medialog.validators import checks
from medialog.validators import rules as rulebook
from medialog.validators.errors import InvalidInput, Violation

if TYPE_CHECKING:
    import numpy as np

    from medialog.validators.rules import Strictness

COLUMNS = ("Actual", "Predicted", "nPredictions")
# More classes than this leave no room for the counts: colours and tooltips tell them.
_COUNTED_CLASSES = 25
_SHADES = ("#F3F7FB", "#C6DBEF", "#6BAED6", "#2171B5", "#08306B")


def confusion_matrix(
    probs: Any = None,
    y_true: Any = None,
    preds: Any = None,
    class_names: Sequence[str] | None = None,
    title: str | None = "Confusion Matrix",
    split_table: bool = False,
    *,
    limits: Mapping[str, Any] | None = None,
    strict: Strictness | None = None,
) -> Chart:
    """Return a confusion matrix: for each actual class, how many examples were predicted as each class.

    `y_true`: n labels. The predictions are `preds`, n labels, or `probs`, n x k finite scores of which the highest
    counts (the first of equal ones). `class_names`: the classes in order; whole numbers among the labels are indices
    into them. Without names the classes are the sorted labels met (with `probs`: its columns, as in `pr_curve`); a
    number's class is called `class_<number>`. The table has the columns Actual, Predicted and nPredictions, k x k
    rows.

    Both documented call forms work. The first argument by position may be scores or predicted labels: n x k with k >
    1 is scores, n is labels. When a first argument is there and the third (`preds`) is a list of different texts
    while `class_names` is not given, the third is the class names: `confusion_matrix(predictions, ground_truth,
    class_names)`.

    Raises `InvalidInput`: lengths that differ, labels that are no class, both or neither of probs and preds.
    """
    if probs is not None and preds is not None and class_names is None and _are_names(preds):
        preds, class_names = None, preds
    if (probs is None) == (preds is None):
        got = "both" if preds is not None else "neither"
        raise InvalidInput(
            Violation("probs, preds", "plot.predictions", "scores (probs) or labels (preds), one of them", got)
        )
    true = labels.read_labels(y_true, "y_true")
    names = labels.read_names(class_names, "class_names")
    if probs is not None and _dimensions(probs) == 1:
        place, preds = "probs", probs
    else:
        place = "preds"
    if preds is not None:
        predicted = labels.read_labels(preds, place)
        checks.refuse([labels.same_length(len(predicted), len(true), place, "labels in y_true")])
        classes, chosen = labels.match_labels(true, predicted, names, ("y_true", place), "class_names")
    else:
        scores = labels.read_scores(probs, "probs", of_probability=False)
        checks.refuse([labels.same_length(len(scores), len(true), "probs", "labels in y_true")])
        if scores.ndim == 1:
            expected = "n x k scores with k > 1, or n predicted labels"
            raise InvalidInput(Violation("probs", "plot.scores", expected, "one score for each label"))
        classes = labels.match_columns(true, scores.shape[1], names, "y_true", "class_names")
        chosen = scores.argmax(axis=1)
    return _matrix_chart(classes, chosen, title, split_table, limits, strict)


def _are_names(value: Any) -> bool:
    """Say whether `value` can only be class names: several texts, all different."""
    if isinstance(value, (str, bytes)) or not hasattr(value, "__len__") or getattr(value, "ndim", 1) != 1:
        return False
    items = list(value)
    return len(items) > 0 and all(isinstance(item, str) for item in items) and len(set(items)) == len(items)


def _dimensions(value: Any) -> int:
    """Return 1 for n values (numbers or text) and n x 1, 2 for rows of scores."""
    shape = getattr(value, "shape", None)
    if shape is not None:
        return 1 if len(shape) == 1 or (len(shape) == 2 and shape[1] == 1) else 2
    if isinstance(value, (list, tuple)) and value:
        first = value[0]
        return (
            2
            if not isinstance(first, str) and (hasattr(first, "__len__") and getattr(first, "shape", (1,)) != ())
            else 1
        )
    return 1


def _matrix_chart(
    classes: labels.Classes,
    predicted: np.ndarray,
    title: str | None,
    split_table: bool,
    limits: Mapping[str, Any] | None,
    strict: Strictness | None,
) -> Chart:
    from medialog.datatypes.table import Table

    rules = rulebook.current().but(limits, strict)
    size = len(classes.names)
    advice = f" ({size:,} classes need {size:,} x {size:,})"
    checks.refuse([checks.at_most(size * size, "table.rows", "class_names", rules, "rows" + advice)])
    counts = count_pairs(classes.codes, predicted, size).tolist()
    rows = [
        [actual, guess, counts[i][j]] for i, actual in enumerate(classes.names) for j, guess in enumerate(classes.names)
    ]
    table = Table(columns=list(COLUMNS), data=rows, limits=limits, strict=strict)
    fields = {name: name for name in COLUMNS}
    return Chart.preset(
        CONFUSION_MATRIX,
        table,
        fields,
        {"title": "" if title is None else title},
        split_table=split_table,
        limits=limits,
        strict=strict,
    )


def _draw_matrix(drawing: Drawing) -> dict[str, Any]:
    columns = drawing.columns
    names = list(dict.fromkeys([*columns["Actual"].values, *columns["Predicted"].values]))
    most = max((count for count in columns["nPredictions"].values if count is not None), default=0)
    side = min(56, max(4, 600 // max(1, len(names))))
    axes = {}
    for axis, field in (("x", "Predicted"), ("y", "Actual")):
        look = {"labelAngle": -40 if len(names) > 4 else 0} if axis == "x" else {}
        axes[axis] = vegalite.categories(field, columns[field], axis={**look, "domain": False, "ticks": False})
    counted = len(names) <= _COUNTED_CLASSES
    shades = {"domain": [0, max(1, most)], "range": list(_SHADES)}
    legend = None if counted else {"format": ",d", "tickMinStep": 1}
    colour = {"field": "nPredictions", "type": "quantitative", "title": "Count", "scale": shades, "legend": legend}
    cells: dict[str, Any] = {
        "mark": {"type": "rect", "stroke": "white", "strokeWidth": 1 if side > 8 else 0},
        "encoding": {"color": colour},
    }
    encoding = {**axes, "tooltip": vegalite.tooltip(columns)}
    width = side * max(1, len(names))
    if not counted:
        body = {"mark": cells["mark"], "encoding": {**encoding, **cells["encoding"]}}
        return vegalite.chart(drawing, body, width=width, height=width)
    digits = len(f"{most:,}")
    size = max(7, min(13, int(1.6 * side / max(2, digits))))
    numbers = {
        "mark": {"type": "text", "fontSize": size},
        "encoding": {
            "text": {"field": "nPredictions", "type": "quantitative", "format": ",d" if digits < 6 else ".3~s"},
            "color": {
                "condition": {"test": f"datum.nPredictions > {max(1, most) * 0.55:g}", "value": "white"},
                "value": "#222222",
            },
        },
    }
    return vegalite.chart(drawing, {"encoding": encoding, "layer": [cells, numbers]}, width=width, height=width)


_CATEGORY = Field()
CONFUSION_MATRIX = Preset(
    "wandb/confusion_matrix/v1",
    {"Actual": _CATEGORY, "Predicted": _CATEGORY, "nPredictions": Field(("number",))},
    _draw_matrix,
)
