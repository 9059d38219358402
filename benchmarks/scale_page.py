"""Write the measured part of docs/scale.md from what `scale.py --keep FILE` left.

Run as ``python benchmarks/scale_page.py FILE [--price MONEY]``. The price of a core-hour is assumed,
not quoted.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from scaling.text import section

PAGE = Path(__file__).parents[1] / "docs" / "scale.md"
BEGIN, END = "<!-- measured: begin -->\n", "<!-- measured: end -->\n"


def main() -> int:
    """Write what stands between the marks."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--price", type=float, default=0.05, help="of a core-hour, assumed (default: %(default)s)")
    options = parser.parse_args()
    record = json.loads(options.file.read_text("utf-8"))
    PAGE.write_text(renewed(PAGE.read_text("utf-8"), section(record, options.price)), "utf-8")
    return 0


def renewed(page: str, measured: str) -> str:
    """A page with another text between its marks."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{measured}\n{END}{after}"


if __name__ == "__main__":
    sys.exit(main())
