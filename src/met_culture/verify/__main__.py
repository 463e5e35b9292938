"""Command line of `python -m met_culture.verify`."""

from met_culture.common.cli import run
from met_culture.verify.comparison import main

if __name__ == "__main__":
    run(main)
