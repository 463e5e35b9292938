"""Command line of `python -m met_culture.explore`."""

from met_culture.common.cli import run
from met_culture.explore.run import main

if __name__ == "__main__":
    run(main)
