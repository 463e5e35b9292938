import pytest

from met_culture.common.errors import UserError
from met_culture.compare.grouping import configurations, label, selected
from met_culture.compare.runs import Run


def run(name: str = "r", code: str = "c", data: str = "d", **params: object) -> Run:
    return Run((name,), {key.replace("__", "."): value for key, value in params.items()}, {}, code=code, data=data)


BASE = run(train__epochs=50, train__seed=0, clean__seed=1, clean__labels=[], train__optimizer="sgd")


def test_a_label_says_what_differs_but_the_seeds() -> None:
    def other(**changes: object) -> Run:
        params = {key.replace(".", "__"): value for key, value in BASE.params.items()}
        return run(**params | changes)

    assert label(other(train__seed=3, clean__seed=9), BASE) == "baseline"
    assert label(other(train__epochs=9, train__optimizer="adam"), BASE) == "train.epochs=9, train.optimizer=adam"
    long = [label(other(clean__labels=["x" * 500, end]), BASE) for end in "ab"]
    assert max(map(len, long)) < 100
    assert long[0] != long[1]
    assert label(other(train__optimizer="a\x1b[31m\u202e"), BASE) == "train.optimizer=a?[31m?"


def test_other_code_and_other_data_are_named() -> None:
    params = {key.replace(".", "__"): value for key, value in BASE.params.items()}
    assert label(run("new", code="x", **params), BASE) == "other code (new)"
    assert label(run("new", data="x", **params), BASE) == "other data (new)"
    assert label(run("old", train__epochs=50), BASE) == "other code (old)"


def test_equal_seeds_count_once_and_other_splits_are_the_same_configuration() -> None:
    runs = [run(str(n), clean__seed=split, train__seed=n % 2) for n, split in enumerate((0, 0, 0, 1))]
    assert [[run.names[0] for run in group] for group in configurations(runs)] == [["0", "1", "3"]]


def test_code_and_data_make_a_configuration() -> None:
    assert len(configurations([run(), run(code="x"), run(data="x")])) == 3


def test_the_baseline_comes_first() -> None:
    runs = [run(str(n), train__epochs=epochs, clean__seed=n) for n, epochs in enumerate((50, 100, 50, 7))]
    assert [run.names[0] for run in selected(runs, [], "1")] == ["1", "0", "2", "3"]
    assert [run.names[0] for run in selected(runs, ["1"], None)] == ["0", "2", "1"]
    with pytest.raises(UserError, match="not a finished experiment"):
        selected(runs, [], "x")
