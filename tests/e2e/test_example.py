"""What `make example` does works, and the README of the worked example shows its commands and what they print."""
import os
import re
import subprocess

from datasets import EXAMPLE
from project import BINARY, ROOT

# What is another one in each run, or on each machine.
CHANGING = re.compile(r"\d+\.\d+ s|\d+(\.\d+)? [kKMG]?B(/s)?\b")


def run_example(folder):
    environment = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")} | {"FINOPS_BIN": str(BINARY)}
    done = subprocess.run([ROOT / "tools/example.sh", folder], env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def shown_in(readme):
    """The block of the README that shows what the commands print."""
    blocks = re.findall(r"^```\w*\n(.*?)^```$", readme.read_text(), re.M | re.S)
    return next(block for block in blocks if "$ finops" in block)


def same(text):
    return CHANGING.sub("#", text).split("\n")


def test_make_example_does_what_the_readme_shows(tmp_path):
    assert re.search(r"^example: build .*\n\t@tools/example\.sh$", (ROOT / "Makefile").read_text(), re.M)
    first = run_example(tmp_path).replace(str(tmp_path), "build/example")
    begin, end = first.index("$ finops"), first.index("\nOpen ")
    assert same(shown_in(EXAMPLE / "README.md")) == same(first[begin:end])
    page = (tmp_path / "report.html").read_text()
    assert page.startswith("<!doctype html>") and page.endswith("</html>\n")
    again = run_example(tmp_path)
    assert "made anew" not in again and "0 new" not in again
    assert (tmp_path / "report.html").read_text() == page


def test_the_first_readme_shows_the_same():
    """All lines but those of the list of rules, which it leaves out."""
    all_lines = same(shown_in(EXAMPLE / "README.md"))
    section = (ROOT / "README.md").read_text().split("## Datasets: bronze, silver, gold\n")[1].split("\n## ")[0]
    block = re.search(r"^```\n(.*?)^```$", section, re.M | re.S)[1]
    commands = [line for line in block.split("\n") if line.startswith("$ finops")]
    assert len(commands) == 2
    assert [line for line in same(block) if line not in all_lines] == ["$ export CONFIG_PATH=build/example/config.toml"]


def test_pictures_are_there_and_small():
    for readme in (ROOT / "README.md", EXAMPLE / "README.md"):
        pictures = re.findall(r"!\[[^\]]+\]\(([^)]+\.png)\)", readme.read_text())
        assert len(pictures) >= 3
        for picture in pictures:
            file = (readme.parent / picture).resolve()
            assert file.read_bytes().startswith(b"\x89PNG") and file.stat().st_size < 200_000, picture
