"""Names as keys of the random streams, so that a product keeps its draws whatever its place in the scenario."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

Keys = NDArray[np.uint64]


def name_keys(names: Sequence[str]) -> Keys:
    """One 64-bit key a name, the same in every process and on every machine."""
    digests = b"".join(blake2b(name.encode(), digest_size=8).digest() for name in names)
    return np.frombuffer(digests, dtype="<u8").astype(np.uint64)
