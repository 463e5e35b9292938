"""Outputs and parameters in a dvc.lock."""

from typing import Any

Lock = dict[str, Any]  # the content of a dvc.lock


def outputs(lock: Lock) -> dict[str, str]:
    """Return the hash of every output by its path, in the order of the stages."""
    hashes = {}
    for stage in lock["stages"].values():
        for out in stage.get("outs", []):
            hashes[out["path"]] = out["md5"]
    return hashes


def params(lock: Lock) -> dict[str, Any]:
    """Return the parameters of every stage, except `fetch.source`.

    The clones read the same source by another path; a changed source shows in the outputs of fetch.
    """
    by_stage = {}
    for name, stage in lock["stages"].items():
        section = stage.get("params", {}).get("params.yaml", {})
        by_stage[name] = {key: value for key, value in section.items() if key != "fetch.source"}
    return by_stage


def differing(first: dict[str, str], second: dict[str, str]) -> list[str]:
    """Return the paths whose hashes differ, or that only one has, in the order of `first`."""
    return [path for path in {**first, **second} if first.get(path) != second.get(path)]
