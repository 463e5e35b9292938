"""The documented session of experiments as a user runs it, and the time of DVC to find nothing to do and to restore.

`python benchmarks/experiments.py` runs the commands of `SECTIONS` in a scratch clone of the commit, on the sample, and
writes what they print, and times, to benchmarks/results/experiments.json; an hour on two slow cores.
"""

import re
import statistics
import tempfile
import time
from pathlib import Path

import yaml
from measure import ROOT, Clone, commit, scratch_clone, write

ROUNDS = 5
SECTIONS = {
    "README.md": "## Change something and compare",
    "docs/experiments.md": "## Compare settings over several seeds",
}
# The commands whose output docs/experiments.md shows.
SHOWN = ("dvc metrics diff --targets metrics/train.json", "python -m met_culture.compare")


def commands() -> list[str]:
    """Return the commands of the sections, without their comments."""
    lines = []
    for document, heading in SECTIONS.items():
        section = (ROOT / document).read_text(encoding="utf-8").split(heading)[1].split("\n## ")[0]
        lines += "".join(re.findall(r"```bash\n(.*?)```", section, re.DOTALL)).splitlines()
    return [command for line in lines for command in line.split(" #")[0].rstrip().split(" && ")]


def session(clone: Clone) -> dict[str, str]:
    """Run the commands in order and return what those of `SHOWN` print."""
    printed = {}
    for command in commands():
        if command.startswith("source "):
            continue  # the clone's path has the environment already
        output = clone.run(*command.split())
        if command in SHOWN:
            printed[command] = output
        if command == "dvc queue status":
            while re.search("Running|Queued", clone.run("dvc", "queue", "status")):
                time.sleep(10)
    return printed


def back(clone: Clone) -> None:
    """Return to the commit's parameters and results."""
    clone.run("git", "checkout", "--quiet", ".")
    clone.run("dvc", "checkout", "--quiet")


def timed(clone: Clone, epochs: int) -> float:
    """Return the seconds of a `dvc repro` with this number of epochs, which must run nothing."""
    path = clone.folder / "params.yaml"
    params = yaml.safe_load(path.read_text())
    params["train"]["epochs"] = epochs
    path.write_text(yaml.safe_dump(params, sort_keys=False))
    started = time.perf_counter()
    output = clone.run("dvc", "repro")
    taken = time.perf_counter() - started
    if "Running stage" in output:
        raise SystemExit(f"a stage ran with {epochs} epochs, although it had run before:\n{output}")
    return taken


def main() -> None:
    """Run the session, then the clock."""
    measured = commit()
    with tempfile.TemporaryDirectory() as folder:
        clone = scratch_clone(Path(folder) / "clone")
        clone.run("dvc", "repro")
        clone.run("git", "commit", "--quiet", "--all", "--allow-empty", "--message", "Run here")
        printed = session(clone)
        back(clone)
        nothing = [timed(clone, 50) for _ in range(ROUNDS)]
        restored = [timed(clone, epochs) for _ in range(ROUNDS) for epochs in (100, 50)]
    facts = {
        "rounds": ROUNDS,
        "seconds_with_nothing_to_do": statistics.median(nothing),
        "seconds_to_restore": statistics.median(restored),
        "printed": printed,
    }
    write("experiments", {"commit": measured, **facts})
    print(f"nothing to do {statistics.median(nothing):.1f} s, restored {statistics.median(restored):.1f} s")


if __name__ == "__main__":
    main()
