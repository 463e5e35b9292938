"""Command line of `python -m met_culture.fetch`."""

from met_culture.common.cli import run
from met_culture.fetch.run import main

if __name__ == "__main__":
    run(main)
