"""The long form of tests/integration/test_kill.py, for `make proof`: several rounds, and what each kill hit."""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
import time
from collections import Counter
from datetime import date
from pathlib import Path

from evidence.settings import Settings
from tests.support.crash import ingest_undisturbed, ingest_with_kills, left_behind, make_files, missed
from tests.support.snapshot import differences, leftovers, snapshot


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=6)
    arguments = parser.parse_args()
    print(f"# python -m tests.bench.kill --rounds {arguments.rounds}   ({os.cpu_count()} cores, {date.today()})")
    with tempfile.TemporaryDirectory(prefix="bukti-kill-") as scratch:
        whole = prove(Path(scratch), arguments.rounds)
    print("nothing lost, nothing twice, every stage hit in every round" if whole else "NOT PROVEN, see above")
    sys.exit(not whole)


def prove(root: Path, rounds: int) -> bool:
    files = make_files(root / "files")
    calm = Settings(data=root / "calm")
    ingest_undisturbed(root / "files", files, calm)
    expected = snapshot(calm)
    print(f"{files} files handed in: " + ", ".join(_count(part, held) for part, held in expected.items()))
    whole = True
    for seed in range(rounds):
        begun = time.monotonic()
        stormy = Settings(data=root / f"stormy-{seed}")
        # In turn: the process alone, whose children then find themselves alone; and all of them, as in a power cut.
        everything = seed % 2 == 1
        kills = ingest_with_kills(root / "files", files, stormy, random.Random(seed), everything=everything)
        found = snapshot(stormy)
        different, lacking, alive = differences(expected, found), missed(kills), left_behind(kills)
        print(f"round {seed}, {'with children' if everything else 'process alone'}: ", end="")
        print(f"{len(kills)} kills, {time.monotonic() - begun:.0f} s; not hit: {', '.join(lacking) or 'nothing'}")
        for kill in kills:
            print(f"  {kill.aim}: {kill.seen}")
        states = Counter(state for _, state, *_ in found["jobs"])
        print(f"  ended: {dict(states)}; children left: {alive or 'none'}; half-written files: {leftovers(stormy)}")
        print(f"  differs from the undisturbed run in: {'nothing' if not different else ''}")
        for line in different:
            print(f"    {line}")
        whole = whole and not (different or lacking or alive)
    return whole


def _count(part: str, held: object) -> str:
    return f"{len(held) if isinstance(held, list) else held} {part}"


if __name__ == "__main__":
    main()
