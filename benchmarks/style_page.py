"""The section of docs/models.md on the style model, from benchmarks/results/style.json."""

from typing import Any

Result = dict[str, Any]


def averaged(metrics: Result, name: str) -> str:
    """Return the mean of a metric over the seeds, with the smallest and the largest value."""
    low, high = metrics[f"{name}_range"]
    return f"{metrics[name]:.3f} ({low:.3f} to {high:.3f})"


def reported_row(name: str, metrics: Result) -> list[str]:
    """Return the row of a setting on the folds that report."""
    row = [name, averaged(metrics, "accuracy"), averaged(metrics, "macro_f1"), f"{metrics['calibration_error']:.3f}"]
    return [*row, f"{metrics['selective_accuracy']['0.8']:.3f}"]


def reported_rows(result: Result) -> list[list[str]]:
    """Return the rows of all settings that were reported: what the model reads, and the ideas that were kept."""
    rows = [reported_row(name, metrics) for name, metrics in result["reads"].items()]
    kept = [(name, scores["reported"]) for name, scores in result["tried"].items() if "reported" in scores]
    return rows + [reported_row(f"kept: {name}", metrics) for name, metrics in kept]


def tried_rows(result: Result) -> list[list[str]]:
    """Return the rows of all settings that were tried, the lowest log loss first."""
    ordered = sorted(result["tried"].items(), key=lambda item: item[1]["log_loss"])
    rows = []
    for name, scores in ordered:
        rows.append([name, f"{scores['log_loss']:.4f}", f"{scores['accuracy']:.3f}", f"{scores['macro_f1']:.3f}"])
    return rows


def curve_rows(result: Result) -> list[list[str]]:
    """Return the rows of the learning curve, with the interval over paintings."""
    rows = []
    for metrics in result["learning_curve"]:
        low, high = metrics["interval_95"]["accuracy"]
        accuracy = f"{metrics['accuracy']:.3f} ({low:.3f} to {high:.3f})"
        rows.append([f"{metrics['n_train']:.0f}", accuracy, averaged(metrics, "macro_f1")])
    return rows


def reading_text(result: Result) -> str:
    """Return how much of the accuracy comes from the border of the photographs."""
    whole = next(iter(result["reads"].values()))["accuracy"]
    masked = result["reads"]["border masked in training and at test"]["accuracy"]
    without = result["reads"]["border cut off in training and at test"]["accuracy"]
    points = sorted(100 * (whole - accuracy) for accuracy in (masked, without))
    return (
        f"{points[0]:.0f} to {points[1]:.0f} points of the accuracy come from the border of the photograph: mounts, "
        "frames and colour bars. A border that is masked only at test costs much more, because the flat frame "
        "is an image that training never had. One view with a masked border in training repairs that."
    )


def growth_text(result: Result) -> str:
    """Return what more paintings would give."""
    parts = []
    for times, metrics in result["growth"].items():
        low, high = metrics["interval_95"]
        parts.append(f"{times} times as many would reach {metrics['accuracy']:.3f} (95 %: {low:.3f} to {high:.3f})")
    return (
        f"If the error goes on falling as a power of the number of paintings, {' and '.join(parts)}. This assumes more "
        "paintings of the same kind, photographed in the same way, and no error in their labels."
    )
