#!/usr/bin/env bash
# Makes docs/images/report-*.png from the page of the worked example, in the browser of tools/setup.sh test.
# Usage: tools/report_pictures.sh [FOLDER]     the example's data and page go to FOLDER, default build/example
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
folder=${1:-build/example}
tools/example.sh "$folder" >/dev/null
mkdir -p docs/images
PYTHONPATH=tests/support python3 - "$folder/report.html" <<'PY'
import pathlib
import sys
import tempfile

from browser import Browser

PICTURES = [  # file, element to begin at, height, scheme
    ("report-quality", "body", 1080, "light"),
    ("report-anomalies", "#anomalies", 896, "light"),
    ("report-gold", "#gold-org_daily_usage_by_service", 816, "dark"),
]
MOST_BYTES = 200_000

with tempfile.TemporaryDirectory() as profile, Browser(profile) as browser:
    for name, element, height, scheme in PICTURES:
        file = pathlib.Path("docs/images") / f"{name}.png"
        browser.open(sys.argv[1], width=1280, scheme=scheme)
        browser.picture(file, element, height)
        size = file.stat().st_size
        print(f"{file}: {size:,} bytes")
        if size > MOST_BYTES:
            sys.exit(f"{file} is larger than {MOST_BYTES:,} bytes")
PY
