"""Messages for labels that do not fit the predictions: the commonest mistakes with a loss."""

from __future__ import annotations

from typing import Any


def check_same_shape(name: str, y_true: Any, y_pred: Any) -> None:
    """Raise if targets and predictions differ in shape: broadcast, they would train on nonsense."""
    have, want = tuple(y_true.shape), tuple(y_pred.shape)
    if have == want or not have or not want:
        return
    if have[:1] != want[:1]:
        remedy = "there must be one target for each sample"
    elif have == want[:-1] and want[-1] == 1 or want == have[:-1] and have[-1] == 1:
        longer = "y_true" if len(have) > len(want) else "y_pred"
        remedy = f"drop the last axis, {longer}[..., 0]"
    elif have == want[:-1] or have[:-1] == want[:-1]:
        units = have[-1] if len(have) == len(want) else 1
        remedy = (
            f"the last layer gives {want[-1]} value(s) a sample and the targets have {units}. "
            f"Give the last layer units={units}, or pass targets of shape {want}"
        )
    elif len(have) < len(want) or 1 in have[1:]:
        remedy = _missing_flatten(have[:-1], want)
    else:
        remedy = "pass one target for each predicted value"
    raise ValueError(f"[{name}] targets have shape {have}, predictions have shape {want}: {remedy}")


def check_dense_labels(name: str, y_true: Any, y_pred: Any) -> None:
    """Raise unless labels are one row of class probabilities for each prediction."""
    have, want = tuple(y_true.shape), tuple(y_pred.shape)
    if have == want:
        return
    start = f"[{name}] labels have shape {have}, predictions have shape {want}"
    if want and (have == want[:-1] or have == (*want[:-1], 1)):
        raise ValueError(
            f"{start}: these labels look like class numbers and {_wants(name)} one-hot rows. "
            f"Use {_other(name)}, or convert them with utils.to_categorical(y, {want[-1]})"
        )
    if have and want and have[:-1] == want[:-1]:
        raise ValueError(
            f"{start}: the labels have {have[-1]} classes and the last layer has {want[-1]} "
            f"units. Give the last layer units={have[-1]}"
        )
    raise ValueError(f"{start}: {_missing_flatten(have[:-1], want)}")


def check_sparse_labels(name: str, y_true: Any, y_pred: Any) -> None:
    """Raise unless labels are one class number for each row of predictions."""
    have, want = tuple(y_true.shape), tuple(y_pred.shape)
    if have == want[:-1] or have == (*want[:-1], 1):
        return
    start = f"[{name}] labels have shape {have}, predictions have shape {want}"
    if have[:-1] == want[:-1] and len(have) == len(want) >= 2:
        raise ValueError(
            f"{start}: these labels look one-hot and {_wants(name)} one class number a sample. "
            f"Use {_other(name)}, or convert them with y.argmax(-1)"
        )
    raise ValueError(f"{start}: {_missing_flatten(have, want)}")


def _is_metric(name: str) -> bool:
    return name.endswith("accuracy")


def _wants(name: str) -> str:
    return f"this {'metric' if _is_metric(name) else 'loss'} wants"


def _other(name: str) -> str:
    """The one for the other kind of labels."""
    sparse = name.startswith("sparse_")
    if _is_metric(name):
        other = name.removeprefix("sparse_") if sparse else f"sparse_{name}"
        return f"metrics=[{other!r}]"
    return f"loss='{'' if sparse else 'sparse_'}categorical_crossentropy'"


def _missing_flatten(labels: tuple[int, ...], predictions: tuple[int, ...]) -> str:
    if len(predictions) > len(labels) + 1 and labels[:1] == predictions[:1]:
        return (
            f"the model predicts at each of {predictions[1:-1]} places of a sample. If you want "
            "one prediction a sample, put a Flatten() or a global pooling layer before the first "
            "Dense layer"
        )
    if labels[:1] != predictions[:1]:
        return "there must be one label for each sample"
    return f"expected labels of shape {predictions[:-1]}"
