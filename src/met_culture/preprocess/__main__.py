"""Command line of `python -m met_culture.preprocess`."""

from met_culture.common.cli import run
from met_culture.preprocess.run import main

if __name__ == "__main__":
    run(main)
