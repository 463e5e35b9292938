"""Command line of `python -m met_culture.predict`."""

from met_culture.common.cli import run
from met_culture.predict.predictor import main

if __name__ == "__main__":
    run(main)
