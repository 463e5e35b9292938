"""Command line of `python -m met_culture.report`."""

from met_culture.common.cli import run
from met_culture.report.run import main

if __name__ == "__main__":
    run(main)
