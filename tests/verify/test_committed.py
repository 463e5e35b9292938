from met_culture.verify.committed import beyond_tolerance


def test_a_metric_at_its_tolerance_is_inside() -> None:
    assert beyond_tolerance({"x": 0.5, "y": 0.5}, {"x": 0.75, "y": 0.0}, {"x": 0.25, "y": 0.25}) == [
        "y is 0.000, committed 0.500, more than 0.25 apart"
    ]
