from met_culture.explore.collection import scope


def test_the_scope_says_what_was_fetched() -> None:
    assert scope("synthetic sample", 1472) == "synthetic sample: 1,472 objects, all of it"
    museum = scope("Metropolitan Museum of Art Collection API", 5)
    assert museum.endswith("5 objects, those that fetch.candidates asked for")
