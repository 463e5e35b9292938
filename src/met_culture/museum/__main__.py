"""Command line of `python -m met_culture.museum`."""

from met_culture.common.cli import run
from met_culture.museum.run import main

if __name__ == "__main__":
    run(main)
