"""Command line of `python -m met_culture.compare`."""

from met_culture.common.cli import run
from met_culture.compare.comparison import main

if __name__ == "__main__":
    run(main)
