"""A release, made once from this checkout and unpacked once."""
import os
import pathlib
import shutil
import subprocess

import pytest
from release import Place, bare_root, can_unshare, make_release


@pytest.fixture(scope="session")
def tarball():
    made = os.environ.get("FINOPS_DIST_TARBALL")  # one that is there already, while working on these tests
    return pathlib.Path(made) if made else make_release()


@pytest.fixture(scope="session")
def release(tarball, tmp_path_factory):
    """The folder with bin/ and lib/."""
    folder = tmp_path_factory.mktemp("release")
    subprocess.run(["tar", "--extract", "--gzip", "--file", tarball, "--directory", folder], check=True)
    [tree] = folder.iterdir()
    return tree


@pytest.fixture
def scratch(release, tmp_path):
    """This machine, with the release in a folder of its own and no variable that could find a library."""
    return Place(str(release / "bin/finops"), str(tmp_path), tmp_path)


@pytest.fixture
def bare(release, tmp_path):
    if not can_unshare():
        pytest.skip("only root may change the root folder and mount /proc there")
    yield bare_root(release, tmp_path / "root")
    shutil.rmtree(tmp_path / "root")


@pytest.fixture(params=["scratch", "bare"])
def place(request):
    return request.getfixturevalue(request.param)
