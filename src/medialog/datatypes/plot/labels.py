"""Labels and scores of a classifier, and how they belong together: which class a label is, and which column of scores.

Labels are whole numbers (booleans, and floats without a fraction, count as such) or text. A class id without a name is
called `class_<id>`, as everywhere in medialog.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from medialog.datatypes import arrays
from medialog.validators import checks
from medialog.validators.errors import InvalidInput, Violation

if TYPE_CHECKING:
    import numpy as np

LABEL_RULES = {
    "plot.labels": "labels are n whole numbers or n texts, each of a known class",
    "plot.classes": "class names are different texts (or whole numbers), one for each column of scores",
    "plot.lengths": "x and y, or labels and predictions, have equal lengths",
    "plot.scores": "scores are n finite numbers, or n x k, one column for each class; those of curves lie in [0, 1]",
}

# What the rounding of a float32 softmax can add to 1.
SCORE_TOLERANCE = 1e-6
_MATCH = "labels that say which column of scores is whose: "


class Classes(NamedTuple):
    """The classes in order: their names, and the class of each label as an index into them."""

    names: list[str]
    codes: np.ndarray


def read_labels(values: Any, at: str) -> np.ndarray:
    """Return labels as a 1-D array of int64 or of text. n x 1 counts as n. `InvalidInput` for anything else."""
    import numpy as np

    if isinstance(values, (str, bytes)) or values is None:
        raise checks.wrong_type(at, "plot.labels", "n whole numbers or texts", values)
    array = _as_array(values, at)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1:
        hint = " (for one-hot rows: .argmax(axis=1))" if array.ndim == 2 else ""
        raise InvalidInput(Violation(at, "plot.labels", f"n labels{hint}", f"shape {array.shape}"))
    if array.dtype.kind == "f":
        whole = checks.finite(array, at, "plot.labels") or checks.whole(
            array, at, "plot.labels", "a label: a whole number or text"
        )
        checks.refuse([whole])
    if array.dtype.kind == "U":
        return array
    if array.size and (array.min() < -(2**53) or array.max() > 2**53):
        raise InvalidInput(Violation(at, "plot.labels", "class ids below 2**53", checks.show(array.max())))
    labels: np.ndarray = array.astype(np.int64)
    return labels


def _as_array(values: Any, at: str) -> np.ndarray:
    import numpy as np

    if not arrays.is_array_like(values):
        if isinstance(values, Iterable) and not isinstance(values, (list, tuple, range)):
            values = list(values)
        if not isinstance(values, Iterable):
            raise checks.wrong_type(at, "plot.labels", "n whole numbers or texts", values)
        if not any(isinstance(value, str) for value in values):
            return arrays.to_numpy(values, at)
    elif getattr(getattr(values, "dtype", None), "kind", "?") not in "OUT?" or arrays.is_torch(values):
        return arrays.to_numpy(values, at)
    elif getattr(values, "ndim", 1) == 1:
        # Text columns of numpy, pandas and others: by their elements, which say more than the dtype.
        values = [value.item() if isinstance(value, np.generic) else value for value in values]
        if not any(isinstance(value, str) for value in values):
            return arrays.to_numpy(values, at)
    else:
        return arrays.to_numpy(values, at)
    odd = next((index for index, value in enumerate(values) if not isinstance(value, str)), None)
    if odd is not None:
        got = f"{checks.type_name(values[odd])} {checks.show(values[odd])}"
        raise InvalidInput(Violation(f"{at}[{odd}]", "plot.labels", "text like the other labels", got))
    return np.asarray(values, dtype=np.str_)


def read_scores(values: Any, at: str, *, of_probability: bool) -> np.ndarray:
    """Return scores as n, or n x k with k >= 2; n x 1 counts as n. `of_probability`: they must lie in [0, 1]."""
    import numpy as np

    if values is None or isinstance(values, (str, bytes)):
        raise checks.wrong_type(at, "plot.scores", "scores: n, or n x classes", values)
    array = arrays.to_numpy(values, at)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim not in (1, 2) or (array.ndim == 2 and not array.shape[1]):
        raise InvalidInput(Violation(at, "plot.scores", "scores: n, or n x classes", f"shape {array.shape}"))
    if array.dtype.kind != "f":
        array = array.astype(np.float64)
    wrong = checks.finite(array, at, "plot.scores")
    may_be_logits = wrong is None and of_probability and array.size > 0
    if may_be_logits and (array.min() < -SCORE_TOLERANCE or array.max() > 1 + SCORE_TOLERANCE):
        wrong = checks.within(array, 0, 1, at, "plot.scores", "a score")
        if wrong is not None:
            wrong = replace(wrong, expected=f"{wrong.expected} (of logits, take the sigmoid or softmax)")
    checks.refuse([wrong])
    return array


def read_names(values: Any, at: str) -> list[str] | list[int] | None:
    """Return class names as texts, or as the whole numbers that labels use; None for None."""
    if values is None:
        return None
    if isinstance(values, (str, bytes)) or not isinstance(values, Iterable):
        raise checks.wrong_type(at, "plot.classes", "a list of class names", values)
    names: list[Any] = []
    found: list[Violation | None] = []
    for index, value in enumerate(values):
        number = checks.whole_number(value)
        names.append(str(value) if isinstance(value, str) else number)
        if number is None:
            found.append(checks.text(value, f"{at}[{index}]", "plot.classes"))
    checks.refuse(found)
    if len({type(name) for name in names}) > 1:
        raise InvalidInput(Violation(at, "plot.classes", "texts, or whole numbers", "both"))
    if len(set(names)) < len(names):
        twice = next(name for index, name in enumerate(names) if name in names[:index])
        raise InvalidInput(Violation(at, "plot.classes", "each name once", f"{checks.show(twice)} again"))
    return names


def name_of(value: Any) -> str:
    """Return what the class of a label is called: text as it is, `class_<id>` for a number."""
    return str(value) if isinstance(value, str) else f"class_{int(value)}"


def same_length(first: int, second: int, at: str, other: str) -> Violation | None:
    """Check that two lengths agree."""
    if first == second:
        return None
    return Violation(at, "plot.lengths", f"{second:,}, as many as {other}", f"{first:,}")


def by_names(labels: np.ndarray, names: Sequence[str] | Sequence[int], at: str, place: str) -> np.ndarray:
    """Return each label's index in `names`. Numbers are indices into names of text, else labels stand in `names`."""
    import numpy as np

    if labels.dtype.kind != "U" and (not names or isinstance(names[0], str)):
        outside = (labels < 0) | (labels >= len(names))
        expected = f"an index into the {len(names):,} {place}"
        checks.refuse([checks.elements(outside, labels, at, "plot.labels", expected)])
        return labels
    if labels.dtype.kind == "U" and names and not isinstance(names[0], str):
        got = f"text {checks.show(str(labels[0])) if labels.size else ''}"
        raise InvalidInput(Violation(at, "plot.labels", f"numbers like those of {place}", got))
    known = np.asarray(names, dtype=labels.dtype.kind if labels.dtype.kind == "U" else np.int64)
    order = np.argsort(known, kind="stable")
    found = np.minimum(np.searchsorted(known, labels, sorter=order), len(known) - 1)
    codes: np.ndarray = order[found]
    outside = known[codes] != labels
    checks.refuse([checks.elements(outside, labels, at, "plot.labels", f"one of the {len(names):,} {place}")])
    return codes


def match_columns(labels: np.ndarray, columns: int, names: Any, at: str, place: str) -> Classes:
    """Return the classes of n x k scores: which column each label belongs to.

    With names: column i is the i-th name. Without: whole numbers 0..k-1 are the columns; other labels must have exactly
    k different values, which sorted are the columns.
    """
    import numpy as np

    if names is not None:
        if len(names) != columns:
            raise InvalidInput(
                Violation(place, "plot.classes", f"{columns:,} names, one for each column of scores", f"{len(names):,}")
            )
        return Classes([name_of(name) for name in names], by_names(labels, names, at, place))
    if labels.dtype.kind != "U" and (not labels.size or (labels.min() >= 0 and labels.max() < columns)):
        return Classes([name_of(i) for i in range(columns)], labels)
    values, codes = np.unique(labels, return_inverse=True)
    if len(values) != columns:
        expected = f"{_MATCH}numbers 0..{columns - 1}, or {columns} different labels, or {place}="
        raise InvalidInput(
            Violation(
                at,
                "plot.labels",
                expected,
                f"{len(values):,} different labels, such as {checks.show(values[-1].item())}",
            )
        )
    return Classes([name_of(value) for value in values.tolist()], codes.reshape(-1))


def match_binary(labels: np.ndarray, names: Any, at: str, place: str) -> Classes:
    """Return the two classes, negative and positive, of n scores of the positive one.

    Labels are 0 and 1, or -1 and 1, or the two `names` (negative first).
    """
    import numpy as np

    if names is not None and len(names) != 2:
        expected = "2 names, the positive class second, for one score a label"
        raise InvalidInput(Violation(place, "plot.classes", expected, f"{len(names):,}"))
    numbers = labels.dtype.kind != "U"
    if numbers and (names is None or isinstance(names[0], str)):
        signed = labels.size and labels.min() == -1 and not (labels == 0).any()
        low = -1 if signed else 0
        expected = f"{low} or 1, for one score a label (else give n x classes scores, or {place}=[negative, positive])"
        outside = (labels != low) & (labels != 1)
        checks.refuse([checks.elements(outside, labels, at, "plot.labels", expected)])
        return Classes([name_of(name) for name in (names or (low, 1))], (labels == 1).astype(np.int64))
    if names is None:
        got = f"{checks.show(str(labels[0])) if labels.size else 'none'}"
        raise InvalidInput(Violation(at, "plot.labels", f"{place}=[negative, positive] for labels of text", got))
    return Classes([name_of(name) for name in names], by_names(labels, names, at, place))


def match_labels(
    first: np.ndarray, second: np.ndarray, names: Any, places: tuple[str, str], place: str
) -> tuple[Classes, np.ndarray]:
    """Return the classes of two lists of labels, with the index of each: of all names, or sorted, of the labels met."""
    import numpy as np

    if names is not None:
        codes = [by_names(labels, names, at, place) for labels, at in zip((first, second), places, strict=True)]
        return Classes([name_of(name) for name in names], codes[0]), codes[1]
    if first.size and second.size and (first.dtype.kind == "U") != (second.dtype.kind == "U"):
        kind = {True: "text", False: "numbers"}
        expected = f"{kind[first.dtype.kind == 'U']} like {places[0]}, or {place}="
        raise InvalidInput(Violation(places[1], "plot.labels", expected, kind[second.dtype.kind == "U"]))
    values, codes_of_both = np.unique(np.concatenate([first, second]), return_inverse=True)
    codes_of_both = codes_of_both.reshape(-1)
    names_met = [name_of(value) for value in values.tolist()]
    return Classes(names_met, codes_of_both[: len(first)]), codes_of_both[len(first) :]
