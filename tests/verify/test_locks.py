import json

from met_culture.verify.locks import differing, outputs


def test_outputs_are_in_the_order_of_the_stages() -> None:
    lock = {"stages": {"b": {"outs": [{"path": "y", "md5": "1"}, {"path": "x", "md5": "2"}]}, "a": {"deps": []}}}
    assert json.dumps(outputs(lock)) == '{"y": "1", "x": "2"}'


def test_what_is_missing_in_one_differs() -> None:
    assert differing({"a": "1", "b": "2"}, {"b": "2", "c": "3"}) == ["a", "c"]
