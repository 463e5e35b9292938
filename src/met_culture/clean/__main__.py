"""Command line of `python -m met_culture.clean`."""

from met_culture.clean.run import main
from met_culture.common.cli import run

if __name__ == "__main__":
    run(main)
