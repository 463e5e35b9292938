"""What the bytes of a result depend on beside code, parameters and data: processor, threads, libraries, settings."""

import os
import platform
import re
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

# What turns pixels and weights into others: decoders, arithmetic, the framework, and what writes files and pictures.
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
# Settings that choose instructions, kernels, precision or the number of threads, and with them the order of sums; which
# of its equal devices a machine shows is none, and differs from one job to the next.
SETTINGS = re.compile(
    r"(?!\w+_VISIBLE_DEVICES$)(CUDA|CUDNN|DNNL|KERAS|KMP|MKL|NPY|NVIDIA|OMP|ONEDNN|OPENBLAS|OPENCV|XLA)_.*"
    r"|TF_(CUDNN|DETERMINISTIC|DISABLE|ENABLE|FORCE|NUM|SET|USE|XLA)_.*"
)


def _processor() -> str:
    # Family and model too: a virtual machine may say no more than "AMD EPYC".
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    told = dict(reversed([[part.strip() for part in line.split(":", 1)] for line in lines if ":" in line]))
    name = told.get("model name", platform.machine())
    numbers = [f"{key} {told[field]}" for key, field in (("family", "cpu family"), ("model", "model")) if field in told]
    return f"{name} ({', '.join(numbers)})" if numbers else name


def cores() -> int:
    """Return how many processors this process may use, which is how many threads the backend starts."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def environment() -> dict[str, Any]:
    """Return processor, instruction set, cores, system, Python and library versions, and settings that are set."""
    found = np.show_config(mode="dicts")["SIMD Extensions"].get("found", [])
    return {
        "processor": _processor(),
        "instructions": ", ".join(found) or "baseline",
        "cores": cores(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        **{name: version(name) for name in LIBRARIES},
        **{name: os.environ[name] for name in sorted(os.environ) if SETTINGS.fullmatch(name)},
    }
