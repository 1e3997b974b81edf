"""What the Python tests of every suite share."""
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "support"))

from project import Project  # noqa: E402


@pytest.fixture
def project(tmp_path):
    return Project(tmp_path)
