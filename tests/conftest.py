import os
from pathlib import Path

import pytest

os.environ.setdefault("OMP_NUM_THREADS", "1")  # the workers share the cores; torch's threads would wait for each other

REPOSITORY = Path(__file__).parent.parent


@pytest.fixture(scope="session", autouse=True)
def shared_cache(tmp_path_factory):
    """One mini world for all workers of a test run."""
    base = tmp_path_factory.getbasetemp()
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    os.environ["MIBENCH_CACHE"] = str((base.parent if worker else base) / "cache")


@pytest.fixture(scope="session")
def real_data():
    """The folder of real data files, where a developer has them."""
    folder = Path(os.environ.get("MIBENCH_REAL_DATA", REPOSITORY.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no real data: {folder} is absent, and MIBENCH_REAL_DATA names no folder")
    return folder
