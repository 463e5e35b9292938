"""Predict the culture of a painting from the open data of the Metropolitan Museum of Art.

In another checkout than the one that is installed, its own modules come first. DVC runs queued and `--temp` experiments
in copies of the checkout: with the installed modules they would run what was edited since they were queued.
"""

from pathlib import Path as _Path

_copy = _Path.cwd() / "src" / "met_culture"
if (_Path.cwd() / "dvc.yaml").is_file() and _copy.is_dir() and not _copy.samefile(__path__[0]):
    __path__.insert(0, str(_copy))
