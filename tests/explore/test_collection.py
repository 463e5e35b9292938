from met_culture.explore.collection import scope


def test_the_scope_says_what_was_fetched() -> None:
    assert scope("synthetic sample", 1472) == "synthetic sample: all 1,472 objects"
    museum = scope("Metropolitan Museum of Art Collection API", 5)
    assert museum.endswith("the 5 objects that fetch has chosen")
