import pandas as pd
from matplotlib import pyplot as plt

from met_culture.evaluate.confusion_matrix import plot_confusion_matrix

LABELS = ["China", "Japan", "America", "India"]


def test_it_is_normalised_by_row_and_names_the_counts() -> None:
    true = [LABELS[i % 4] for i in range(9)]
    predictions = pd.DataFrame({"label": true, "predicted": [LABELS[1], *true[1:]]})
    figure = plot_confusion_matrix(predictions, LABELS, "synthetic sample")
    assert figure.axes[0].images[0].get_array().sum(axis=1).tolist() == [1] * 4
    texts = " ".join(text.get_text() for text in figure.findobj(plt.Text))
    assert "China\n(n=3, too few)" in texts
    assert "synthetic sample" in texts
    plt.close("all")
