"""Answers of any shape to listings and searches: ids or one sentence, after a bounded number of requests."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fuzzing import EXAMPLES, run
from hypothesis import given
from hypothesis import strategies as st

from met_culture.common.errors import UserError
from met_culture.fetch.catalogue_api import asker, listed_ids, searched_ids
from met_culture.fetch.params import CandidateRule
from met_culture.fetch.state import FetchState
from met_culture.web.errors import FetchError

RULES = (CandidateRule(departments=("Asian Art",)),)
MAX_REQUESTS = 2_000
IDS = st.one_of(st.none(), st.lists(st.integers(-1, 2**64), max_size=3), st.just(list(range(1, 501))))
ODD = st.one_of(st.none(), st.booleans(), st.floats(), st.text(max_size=3), st.just([[]]))
TOTALS = st.one_of(st.integers(0, 30_000), st.sampled_from([-1, 2_000_000, 10**400]), ODD)
BODIES = st.one_of(st.fixed_dictionaries({"total": TOTALS, "objectIDs": IDS | ODD}), ODD, st.just({}))


class Api:
    """A client whose answers are drawn; the same path gets another answer each time."""

    api = "http://127.0.0.1:1"

    def __init__(self, bodies: list[Any]) -> None:
        self.bodies, self.requests = bodies, 0

    def get_api(self, path: str, *, max_bytes: int, check: Callable[[Any], str | None]) -> tuple[int, Any]:
        del path, max_bytes
        body = self.bodies[self.requests % len(self.bodies)]
        self.requests += 1
        assert self.requests <= MAX_REQUESTS
        if fault := check(json.loads(json.dumps(body)) if body != 10**400 else body):
            raise FetchError(fault)
        return 200, body


@EXAMPLES
def test_ids_or_one_sentence(examples: int, tmp_path: Path) -> None:
    @given(st.lists(BODIES, min_size=1, max_size=3))
    def check(bodies: list[Any]) -> None:
        with FetchState(tmp_path) as state:
            api: Any = Api(bodies)
            try:
                ids = listed_ids(asker(api, state)) | searched_ids(asker(api, state), RULES)[0]
                assert all(0 < number < 2**63 for number in ids)
            except UserError as error:
                assert str(error).startswith(api.api)
            state.forget_facts("answer ")

    run(check, 40 * examples)
