"""The old names of two presets, as the reference of wandb 0.12 has them: `plots.precision_recall` and `plots.roc`.

New code uses `medialog.plot.pr_curve` and `medialog.plot.roc_curve`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from medialog.datatypes.plot.chart import Chart


def precision_recall(
    y_true: Any = None,
    y_probas: Any = None,
    labels: Iterable[str] | None = None,
    plot_micro: bool | None = None,
    classes_to_plot: Iterable[Any] | None = None,
) -> Chart:
    """Return `medialog.plot.pr_curve(y_true, y_probas, labels, classes_to_plot)`.

    `plot_micro`, an average over the classes, is not drawn: a true value is an `InvalidInput`.
    """
    from medialog.datatypes.plot.classifier import pr_curve

    _refuse_averages(plot_micro=plot_micro)
    return pr_curve(y_true, y_probas, labels, classes_to_plot)


def roc(
    y_true: Any = None,
    y_probas: Any = None,
    labels: Iterable[str] | None = None,
    plot_micro: bool | None = None,
    plot_macro: bool | None = None,
    classes_to_plot: Iterable[Any] | None = None,
) -> Chart:
    """Return `medialog.plot.roc_curve(y_true, y_probas, labels, classes_to_plot)`.

    `plot_micro` and `plot_macro`, averages over the classes, are not drawn: a true value is an `InvalidInput`.
    """
    from medialog.datatypes.plot.classifier import roc_curve

    _refuse_averages(plot_micro=plot_micro, plot_macro=plot_macro)
    return roc_curve(y_true, y_probas, labels, classes_to_plot)


def _refuse_averages(**averages: Any) -> None:
    from medialog.validators import checks
    from medialog.validators.errors import Violation

    checks.refuse(
        Violation(name, "plot.option", "False: one curve a class, no averages over the classes", checks.show(value))
        for name, value in averages.items()
        if value
    )
