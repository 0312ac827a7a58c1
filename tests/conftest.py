"""Hypothesis profiles: `ci` gives the same examples in every run, `thorough` looks further and elsewhere each time.

Here a run also opens the folders that its processes share, before the first of them starts.
"""

import os

import pytest
from hypothesis import HealthCheck, settings

from tests.builders.shared_folders import close_shared_folders, open_shared_folders

settings.register_profile(
    "ci", max_examples=40, stateful_step_count=25, deadline=None, derandomize=True, print_blob=True
)
settings.register_profile(
    "thorough",
    max_examples=2_000,
    stateful_step_count=60,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


def pytest_configure(config: pytest.Config) -> None:
    if is_first_process(config):
        open_shared_folders()


def pytest_unconfigure(config: pytest.Config) -> None:
    if is_first_process(config):
        close_shared_folders()


def is_first_process(config: pytest.Config) -> bool:
    """Whether this is no worker of pytest-xdist."""
    return not hasattr(config, "workerinput")
