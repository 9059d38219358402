"""Prices for all products: searched on a sample, held against every block, and searched again with what that taught."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import numpy as np
import pandas as pd

from meio.blocks.checkpoint import Record
from meio.blocks.dual import Blocks, BlocksLostError
from meio.blocks.journal import Journal
from meio.blocks.mixture import Rounds
from meio.blocks.sample import Found, Sample
from meio.blocks.settling import Mix, mix_block
from meio.blocks.telling import Telling
from meio.network.compiled import Floats
from meio.optimizer.prices import flat, unflat, violation
from meio.optimizer.stopping import VIOLATION_TOLERANCE
from meio.plans import CapacityPrices

PASSES = 2
"""Most times that a mix is held against all products; repair does the rest."""
_CORRECTION = (0.5, 2.0)  # of a capacity, within which a sample's use of it is believed to tell the catalogue's


class Searched(NamedTuple):
    """Rounds to mix, and what all products do in them."""

    mix: Mix
    best: CapacityPrices
    """Prices of the highest dual value"""
    blocks: list[int]
    block_use: Floats
    """[block, resource], packs among it"""
    fixed_storage: Floats
    """[block, node, storage type, period]"""
    cost: float
    convergence: pd.DataFrame
    """Of all searches, one after another"""

    @property
    def use(self) -> Floats:
        """Of every capacity, [resource]."""
        return np.asarray(self.block_use.sum(axis=0))


def searched(sample: Sample, blocks: Blocks, journal: Journal, limit: CapacityPrices, tell: Telling) -> Searched:
    """Search on the sample, hold what was found against all products, and search again with what that taught.

    A sample uses a little more or less of a capacity than its share; how much more hardly depends on prices. So a
    capacity that all products use more of than the sample foretold is made as much smaller for the sample.

    Raises
    ------
    BlocksLostError
        When no block is left.
    """
    room, known = np.ones(len(flat(limit))), None
    tables: list[pd.DataFrame] = []
    held: list[tuple[float, int, Searched]] = []
    for _ in range(PASSES):
        found = _found(journal.step(partial(_search, sample, known, room, tell)))
        tables.append(found.convergence)
        now = _held_against_all(blocks, journal, found, limit)
        most = violation(unflat(now.use, limit), limit)
        tell.excess(most)
        held.append((most, len(held), now))
        if most <= VIOLATION_TOLERANCE:
            break
        foretold = found.share @ found.rounds.use / sample.part
        more = np.divide(now.use, foretold, out=np.ones_like(foretold), where=foretold > 0.0)
        room, known = 1.0 / np.clip(more, *_CORRECTION), found.rounds
    return min(held)[-1]._replace(convergence=pd.concat(tables, ignore_index=True))


def _held_against_all(blocks: Blocks, journal: Journal, found: Found, limit: CapacityPrices) -> Searched:
    """What all products that can be planned do in the rounds that were found."""
    rounds, answered = found.rounds, np.flatnonzero(found.share)
    mix = Mix(tuple(unflat(row, limit) for row in rounds.prices[answered]), found.share[answered])

    def take() -> Record:
        mixed = dict(blocks.each(mix_block, mix))
        if not mixed:
            raise BlocksLostError(blocks.lost)
        use, fixed_storage, cost = zip(*mixed.values(), strict=True)
        lost, errors = list(blocks.lost), list(blocks.lost.values())
        of_lost = {"lost": np.array(lost, dtype=np.int64), "errors": np.array(errors, dtype=np.str_)}
        asked = {"blocks": np.array(list(mixed)), "use": np.stack(use), "fixed_storage": np.stack(fixed_storage)}
        return {**asked, **of_lost, "cost": np.sum(cost)}

    record = journal.step(take)
    blocks.lost = dict(zip(record["lost"].tolist(), record["errors"].tolist(), strict=True))
    fixed = record["fixed_storage"]
    use = record["use"].copy()
    use[:, : fixed[0].size] += fixed.reshape(len(use), -1)
    best, cost = unflat(rounds.prices[found.best], limit), float(record["cost"])
    return Searched(mix, best, record["blocks"].tolist(), use, fixed, cost, found.convergence)


def _search(sample: Sample, known: Rounds | None, room: Floats, tell: Telling) -> Record:
    found = sample.search(known, room, tell.sampled)
    table = found.convergence
    named = {"columns": np.array(list(table.columns)), "rows": table.to_numpy()}
    return {**found.rounds._asdict(), "share": found.share, "best": np.asarray(found.best), **named}


def _found(record: Record) -> Found:
    rounds = Rounds(*(record[name] for name in Rounds._fields))
    table = pd.DataFrame(record["rows"], columns=record["columns"].tolist())
    return Found(rounds, record["share"], int(record["best"]), table)
