"""Print scenario, seed and digest of every run in the JSON that `bulkhead run --json` wrote."""

import json
import sys
from pathlib import Path

for run in json.loads(Path(sys.argv[1]).read_text())["runs"]:
    print(run["scenario"], run["seed"], run["digest"])
