"""The long form of tests/integration/test_kill.py, for `make proof`: more kills, and what each of them hit."""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter
from pathlib import Path

from api.demo.make import make_documents
from tests.support.crash import ingest_undisturbed, ingest_with_kills, snapshot


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bukti-kill-") as scratch:
        root = Path(scratch)
        files = root / "berkas"
        count = len(make_documents(files))
        ingest_undisturbed(files, root / "calm")
        expected = snapshot(root / "calm")
        print(f"{count} files handed in, {len(expected['documents'])} documents, {len(expected['pages'])} pages")
        for seed in range(arguments.rounds):
            hit = Counter(ingest_with_kills(files, root / f"stormy-{seed}", arguments.kills, seed))
            found = snapshot(root / f"stormy-{seed}")
            different = [part for part, value in expected.items() if found[part] != value]
            states = Counter(state for _, state, _ in found["jobs"])
            print(f"round {seed}: {arguments.kills} kills, work under way when killed: {dict(hit)}")
            print(f"  ended: {dict(states)}; differs from the undisturbed run in: {different or 'nothing'}")
            assert not different


if __name__ == "__main__":
    main()
