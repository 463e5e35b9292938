"""Set up the backend of Keras: quiet, and repeatable. Import this before keras."""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from typing import Any

# Errors too, as those that matter are raised: it also logs what a graph of tf.data mentions and an older one did not.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# Keeps the memory of one step for the next instead of asking the system again: the same bytes, a quarter less time.
os.environ.setdefault("TF_CPU_ALLOCATOR_USE_BFC", "1")
REPEATABLE = "--xla_gpu_deterministic_ops=true"  # JAX reads it with its first device; its CPU needs no asking


@contextmanager
def _quiet() -> Iterator[None]:
    # TensorFlow greets on file descriptor 2 before its log level counts. Shown only if the import fails.
    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as said:
        os.dup2(said.fileno(), 2)
        try:
            yield
        except BaseException:
            said.seek(0)
            os.write(kept, said.read())
            raise
        finally:
            os.dup2(kept, 2)
            os.close(kept)


with _quiet():
    try:
        import keras
    except (ImportError, ValueError) as error:
        if (name := os.environ.get("KERAS_BACKEND")) is None:
            raise
        sys.exit(f"error: KERAS_BACKEND={name} does not work ({error}); `pip install {name}`, or unset it.")
    from keras.src.utils import module_utils

    if keras.backend.backend() == "tensorflow":
        import tensorflow

        tensorflow.config.list_logical_devices()  # looks for a GPU now, and complains of none
    else:
        # Where it is installed, Keras seeds it too, and would import it for nothing else: five seconds.
        module_utils.tensorflow._available = False


def make_deterministic() -> None:
    """Ask the backend for repeatable operations; without it two trainings of one seed differ on this very CPU."""
    if keras.backend.backend() == "tensorflow":
        tensorflow.config.experimental.enable_op_determinism()
    flags = os.environ.get("XLA_FLAGS", "")
    if keras.backend.backend() == "jax" and REPEATABLE not in flags:
        os.environ["XLA_FLAGS"] = f"{flags} {REPEATABLE}".strip()


def backend() -> dict[str, Any]:
    """Return what the bytes of a training depend on in Keras: backend, its own settings, and the devices by model."""
    config = keras.config
    devices = keras.distribution.list_devices()
    if config.backend() == "tensorflow":
        details = tensorflow.config.experimental.get_device_details
        graphics = [details(each).get("device_name", "GPU") for each in tensorflow.config.list_physical_devices("GPU")]
        devices = [*graphics, *devices]
    libraries = {}
    if config.backend() == "jax":
        import jax

        devices = [*(each.device_kind for each in jax.devices() if each.platform != "cpu"), *devices]
        libraries = {name: version(name) for name in ("jax", "jaxlib")}
    return {
        "backend": config.backend(),
        **libraries,
        "devices": ", ".join(devices),
        "floatx": config.floatx(),
        "epsilon": config.epsilon(),
        "image_data_format": config.image_data_format(),
    }
