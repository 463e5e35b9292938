"""Command line of `python -m met_culture.train`."""

from met_culture.common.cli import run
from met_culture.train.loop import main

if __name__ == "__main__":
    run(main)
