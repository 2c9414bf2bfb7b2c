"""A site of the sample's submissions, made once for all workers of a test run."""

import os

import pytest
from filelock import FileLock

from tests.leaderboard.sample import make_sample


@pytest.fixture(scope="session")
def sample(tmp_path_factory):
    """The folder of the sample: its data, submissions and site. Whoever changes something works on a copy."""
    base = tmp_path_factory.getbasetemp()
    base = base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base
    folder, made = base / "leaderboard-sample", base / "leaderboard-sample.made"
    with FileLock(base / "leaderboard-sample.lock"):
        if not made.exists():
            folder.mkdir()
            make_sample(folder)
            made.touch()
    return folder


@pytest.fixture(scope="session")
def site(sample):
    return sample / "site"
