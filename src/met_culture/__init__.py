"""Predict the culture of a painting from the open data of the Metropolitan Museum of Art."""

import signal
import sys

# `python -m met_culture.STAGE` is still importing, which takes seconds: Ctrl-C ends it at once. A traceback would say
# nothing, and TensorFlow swallows the exception now and then. `common.cli.run` catches Ctrl-C from there on.
# A job in the background, which ignores Ctrl-C, goes on ignoring it.
if sys.argv[0] == "-m" and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, signal.SIG_DFL)
