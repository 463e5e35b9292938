"""The environment that the bytes of a result depend on: processor, threads, libraries, settings."""

import os
import platform
import re
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

# They change pixels or weights: decoders, arithmetic, the framework, and the writers of files and pictures.
LIBRARIES = (
    "tensorflow",
    "keras",
    "numpy",
    "scipy",
    "opencv-python-headless",
    "pillow",
    "simplejpeg",
    "scikit-learn",
    "pandas",
    "pyarrow",
    "h5py",
    "matplotlib",
)
# They choose instructions, kernels, precision or the number of threads, and so the order of sums. The variables that
# select one of several equal devices are left out: they differ between jobs, and do not change results.
SETTINGS = re.compile(
    r"(?!\w+_VISIBLE_DEVICES$)(CUDA|CUDNN|DNNL|KERAS|KMP|MKL|NPY|NVIDIA|OMP|ONEDNN|OPENBLAS|OPENCV|XLA)_.*"
    r"|TF_(CUDNN|DETERMINISTIC|DISABLE|ENABLE|FORCE|NUM|SET|USE|XLA)_.*"
)


def _cpu_info(text: str) -> dict[str, str]:
    # /proc/cpuinfo repeats the fields for every core; the first core is enough.
    fields: dict[str, str] = {}
    for line in text.splitlines():
        name, separator, value = line.partition(":")
        if separator:
            fields.setdefault(name.strip(), value.strip())
    return fields


def _processor() -> str:
    try:
        fields = _cpu_info(Path("/proc/cpuinfo").read_text(encoding="utf-8"))
    except OSError:
        return platform.processor() or platform.machine()
    name = fields.get("model name", platform.machine())
    numbers = []
    # Family and model too, because a virtual machine may give only "AMD EPYC" as the name.
    for label, field in (("family", "cpu family"), ("model", "model")):
        if field in fields:
            numbers.append(f"{label} {fields[field]}")
    return f"{name} ({', '.join(numbers)})" if numbers else name


def cores() -> int:
    """Return how many processors this process may use, which is how many threads the backend starts."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def environment() -> dict[str, Any]:
    """Return processor, instruction set, cores, system, versions of Python and libraries, and settings that are set."""
    instructions = np.show_config(mode="dicts")["SIMD Extensions"].get("found", [])
    return {
        "processor": _processor(),
        "instructions": ", ".join(instructions) or "baseline",
        "cores": cores(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        **{name: version(name) for name in LIBRARIES},
        **{name: os.environ[name] for name in sorted(os.environ) if SETTINGS.fullmatch(name)},
    }
