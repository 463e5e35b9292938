"""Write all results of a run as one HTML page that needs no network: `make report`.

Titles and names come from a museum: all are escaped, and the page loads nothing.

Reads: `metrics/`, `plots/`, `plots/explore/`, `data/evaluate/predictions.csv`, `data/preprocess/test_x.npy` and
`params.yaml` of the current folder, and `dvc exp show`.
Writes: the page `out`: plots, worst errors with links to the museum, comparison of experiments, and both cards.
"""

from met_culture.common.cli import path_arguments, run
from met_culture.common.files import write_bytes
from met_culture.common.terminal import print_line
from met_culture.report.content import comparison, read_run
from met_culture.report.page import page


def main() -> None:
    """Write the report of the run in this folder."""
    paths = path_arguments(__doc__, "out", prog="python -m met_culture.report")
    content = read_run()
    data = page(content | comparison(content["evaluate"]["source"]))
    write_bytes(paths.out, data)
    print_line(f"wrote {paths.out}: {len(data) / 1e6:.1f} MB; open it in a browser, or send it to somebody")


if __name__ == "__main__":
    run(main)
