"""Copies what the wheel carries from npm's folder into the packages."""

import gzip
import shutil
from pathlib import Path

ROOT = Path(__file__).parent.parent
MODULES = ROOT / "deploy/frontend/node_modules"


def main() -> None:
    vendor = ROOT / "api/static/vendor"
    vendor.mkdir(parents=True, exist_ok=True)
    shutil.copy(MODULES / "htmx.org/dist/htmx.min.js", vendor)
    tessdata = ROOT / "ingest/tessdata"
    tessdata.mkdir(parents=True, exist_ok=True)
    packed = MODULES / "@tesseract.js-data/ind/4.0.0_best_int/ind.traineddata.gz"
    with gzip.open(packed) as source, (tessdata / "ind.traineddata").open("wb") as target:
        shutil.copyfileobj(source, target)


if __name__ == "__main__":
    main()
