from met_culture.dashboard.game import new_game


def test_the_seed_gives_the_order_and_every_painting_is_in_it_once() -> None:
    first, again, other = (new_game("key", 40, seed) for seed in (1, 1, 2))
    assert first.order == again.order != other.order
    assert sorted(first.order) == list(range(40))


def test_a_painting_takes_one_guess() -> None:
    game = new_game("key", 2, 0)
    game.take_guess("China", "Japan", "Japan")
    game.take_guess("Japan", "Japan", "Japan")
    assert (game.guesses, game.visitor, game.model, game.guess) == (1, 0, 1, "China")
    game.show_next()
    assert game.guess is None
    game.take_guess("India", "China", "India")
    game.show_next()
    assert (game.guesses, game.visitor, game.model) == (2, 1, 1)
    assert game.is_over
