"""Command line of `python -m met_culture.evaluate`."""

from met_culture.common.cli import run
from met_culture.evaluate.run import main

if __name__ == "__main__":
    run(main)
