import os
from importlib.metadata import version

import pytest

from met_culture.train.environment import cores, environment


def test_it_names_hardware_libraries_and_threads() -> None:
    described = environment()
    assert described["processor"]
    assert described["cores"] == cores() <= os.cpu_count()
    assert described["tensorflow"] == version("tensorflow")
    assert all(isinstance(value, str | int) and value != "" for value in described.values())


def test_it_is_the_same_every_time() -> None:
    assert environment() == environment()


def test_settings_that_change_the_arithmetic_are_named_where_they_are_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TF_NUM_INTRAOP_THREADS", raising=False)
    assert "TF_NUM_INTRAOP_THREADS" not in environment()
    for name in ("TF_NUM_INTRAOP_THREADS", "OPENCV_CPU_DISABLE", "ONEDNN_DEFAULT_FPMATH_MODE", "XLA_FLAGS"):
        monkeypatch.setenv(name, "1")
        assert environment()[name] == "1"
    for name in ("TF_CPP_MIN_LOG_LEVEL", "CUDA_VISIBLE_DEVICES", "NVIDIA_VISIBLE_DEVICES"):
        monkeypatch.setenv(name, "3")
        assert name not in environment()


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system does not bind processes to processors")
def test_cores_are_those_that_this_process_may_use() -> None:
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        assert cores() == 1
    finally:
        os.sched_setaffinity(0, before)
