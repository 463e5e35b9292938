"""Set up the backend of Keras: quiet, and repeatable. Import this before keras."""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from typing import Any

from met_culture.common.terminal import prepare_streams

# Only fatal messages: TensorFlow raises the errors that matter, and also logs harmless ones about graphs of tf.data.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# Keeps the memory of one step for the next instead of asking the system again: the same bytes, a quarter less time.
os.environ.setdefault("TF_CPU_ALLOCATOR_USE_BFC", "1")
DETERMINISTIC_FLAG = "--xla_gpu_deterministic_ops=true"  # JAX reads it with its first device; its CPU needs no flag


@contextmanager
def _quiet() -> Iterator[None]:
    # TensorFlow greets on file descriptor 2 before its log level counts. Its output is shown only if the import fails.
    sys.stderr.flush()
    original_stderr = os.dup(2)
    with tempfile.TemporaryFile() as captured:
        os.dup2(captured.fileno(), 2)
        try:
            yield
        except BaseException:
            captured.seek(0)
            os.write(original_stderr, captured.read())
            raise
        finally:
            os.dup2(original_stderr, 2)
            os.close(original_stderr)


prepare_streams()  # `_quiet` needs file descriptor 2
with _quiet():
    try:
        import keras
    except (ImportError, ValueError) as error:
        requested = os.environ.get("KERAS_BACKEND")
        if requested is None:
            raise
        sys.exit(
            f"error: KERAS_BACKEND={requested} cannot be imported ({error}); "
            f"run `pip install {requested}`, or unset the variable."
        )
    from keras.src.utils import module_utils

    if keras.backend.backend() == "tensorflow":
        import tensorflow

        tensorflow.config.list_logical_devices()  # looks for a GPU now, while its warnings are hidden
    else:
        # Keras would import an installed TensorFlow only to seed it, which takes five seconds.
        module_utils.tensorflow._available = False


def make_deterministic() -> None:
    """Make the operations of the backend repeatable; otherwise two trainings with one seed differ, even on a CPU."""
    if keras.backend.backend() == "tensorflow":
        tensorflow.config.experimental.enable_op_determinism()
    flags = os.environ.get("XLA_FLAGS", "")
    if keras.backend.backend() == "jax" and DETERMINISTIC_FLAG not in flags:
        os.environ["XLA_FLAGS"] = f"{flags} {DETERMINISTIC_FLAG}".strip()


def _device_names() -> list[str]:
    # Accelerators by their product names first, because Keras only numbers them.
    names: list[str] = []
    if keras.backend.backend() == "tensorflow":
        for gpu in tensorflow.config.list_physical_devices("GPU"):
            details = tensorflow.config.experimental.get_device_details(gpu)
            names.append(details.get("device_name", "GPU"))
    if keras.backend.backend() == "jax":
        import jax

        names.extend(device.device_kind for device in jax.devices() if device.platform != "cpu")
    return names + keras.distribution.list_devices()


def backend_settings() -> dict[str, Any]:
    """Return the settings of Keras that the bytes of a training depend on: backend, devices and number format."""
    config = keras.config
    settings = {"backend": config.backend()}
    if config.backend() == "jax":
        settings |= {name: version(name) for name in ("jax", "jaxlib")}
    return settings | {
        "devices": ", ".join(_device_names()),
        "floatx": config.floatx(),
        "epsilon": config.epsilon(),
        "image_data_format": config.image_data_format(),
    }
