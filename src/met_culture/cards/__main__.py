"""Write the data card and the model card: `python -m met_culture.cards metrics docs`, or `make cards`.

Reads: `params.yaml`, and `fetch.json`, `clean.json`, `train.json` and `evaluate.json` in the folder `metrics`.
Writes: `data_card.md` and `model_card.md` in the folder `out`.
"""

from met_culture.cards.render import current_cards
from met_culture.common.cli import path_arguments, run
from met_culture.common.files import write_bytes


def main() -> None:
    """Write both cards."""
    paths = path_arguments(__doc__, "metrics", "out", prog="python -m met_culture.cards")
    for name, text in current_cards(paths.metrics).items():
        write_bytes(paths.out / name, text.encode())


if __name__ == "__main__":
    run(main)
