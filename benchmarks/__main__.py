"""``make bench [ONLY=casting,pages]``: run the benchmarks and print one JSON object."""

import importlib
import json
import os
import sys

ROOMS = (
    "casting", "pages", "refusals", "ranking", "peers", "coverage", "reliability", "scale", "weighting", "reference",
    "ledgers", "workbooks", "reports", "suppression",
)  # fmt: skip


def main() -> None:
    wanted = [w for w in os.environ.get("ONLY", "").split(",") if w] or ROOMS
    found = {}
    for name in wanted:
        print(f"… {name}", file=sys.stderr, flush=True)
        found[name] = importlib.import_module(f"benchmarks.{name}").run()
    print(json.dumps(found, ensure_ascii=False, indent=1, default=float))


if __name__ == "__main__":
    main()
