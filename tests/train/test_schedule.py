from dataclasses import replace

import pytest
from support import ROOT

from met_culture.common.config import load
from met_culture.train.params import TrainParams
from met_culture.train.schedule import learning_rate


@pytest.fixture
def params() -> TrainParams:
    return replace(
        load("train", TrainParams, ROOT / "params.yaml"),
        learning_rate=0.1,
        schedule="cosine",
        schedule_length=10,
        schedule_end=0.2,
    )


def test_constant_is_the_learning_rate(params: TrainParams) -> None:
    assert {learning_rate(replace(params, schedule="constant"), epoch) for epoch in range(30)} == {0.1}


def test_cosine_falls_from_the_rate_to_its_end_and_stays(params: TrainParams) -> None:
    rates = [learning_rate(params, epoch) for epoch in range(15)]
    assert rates[0] == 0.1
    assert rates[5] == pytest.approx(0.06)
    assert rates[10:] == pytest.approx([0.02] * 5)
    assert rates[:11] == sorted(rates[:11], reverse=True)


def test_the_number_of_epochs_does_not_matter(params: TrainParams) -> None:
    assert [learning_rate(replace(params, epochs=n), 7) for n in (8, 50, 100)] == [learning_rate(params, 7)] * 3
