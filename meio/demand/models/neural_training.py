"""Training the networks of the neural model and forecasting with them, alike on any number of threads."""

from __future__ import annotations

import math
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import numpy as np
import torch

from meio.demand.models.neural_inputs import Singles
from meio.demand.models.neural_network import QuantileNetwork, Shape, quantile_loss
from meio.demand.models.neural_panel import Panel
from meio.network.compiled import Floats, Ints

MEMBERS = 2
"""Networks whose quantiles are averaged."""
BATCH = 64
ROUNDS = 30
"""How often each series is seen, within the bounds of the steps."""
MIN_STEPS, MAX_STEPS = 150, 300
LEARNING_RATE = 4e-3
WEIGHT_DECAY = 1e-2
NEW = 0.25
"""Share of series shown as though they had just gone on sale."""
UNNAMED = 0.1
"""Share of attributes shown as unknown."""


@contextmanager
def exact_arithmetic() -> Iterator[None]:
    """One thread to an operation and no random order of sums, for the time of the block."""
    threads, exact = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
        torch.use_deterministic_algorithms(exact)


def train(panel: Panel, seed: int, num_threads: int) -> list[QuantileNetwork]:
    """Networks that start from different numbers, each learned on one thread, up to `num_threads` at once."""
    dispersion = panel.pooled_dispersion()
    shape = Shape(panel.num_inputs, panel.sizes, panel.numbers.shape[1], len(panel.spans))
    with exact_arithmetic(), ThreadPoolExecutor(num_threads) as pool:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            networks = [QuantileNetwork(shape, dispersion) for _ in range(MEMBERS)]
        list(pool.map(lambda member: _train_one(networks[member], panel, (seed, member)), range(MEMBERS)))
    return networks


def _train_one(network: QuantileNetwork, panel: Panel, seed: tuple[int, int]) -> None:
    """Learn by steps over random series, at a rate that rises, then falls to 0."""
    random = np.random.default_rng(seed)
    generator = torch.Generator().manual_seed(int(random.integers(2**62)))
    steps = min(max(ROUNDS * math.ceil(panel.num_series / BATCH), MIN_STEPS), MAX_STEPS)
    optimizer = torch.optim.AdamW(network.parameters(), weight_decay=WEIGHT_DECAY)
    for step, rows in enumerate(_series_by_step(panel.num_series, steps, random)):
        for group in optimizer.param_groups:
            group["lr"] = LEARNING_RATE * _rate(step / steps)
        loss = _loss(network, panel, rows, random, generator)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()


def _rate(done: float) -> float:
    """Share of the full learning rate when this share of the steps is done."""
    return min(1.0, 0.01 + 10.0 * done) * 0.5 * (1.0 + math.cos(math.pi * done))


def _series_by_step(num_series: int, steps: int, random: np.random.Generator) -> Iterator[Ints]:
    """Rows of each step: all series in a random order, then in another one."""
    size = min(BATCH, num_series)
    rounds = math.ceil(steps * size / num_series)
    order = np.concatenate([random.permutation(num_series) for _ in range(rounds)])
    return (order[step * size : (step + 1) * size] for step in range(steps))


def _loss(
    network: QuantileNetwork, panel: Panel, rows: Ints, random: np.random.Generator, generator: torch.Generator
) -> torch.Tensor:
    """Loss over all origins and spans of some series, some shown as new and some without attributes."""
    part, target = panel.of(rows).crop_at_random(random)
    begin = random.integers(part.window.num_periods + 1, size=len(rows))
    seen = part.look(np.where(random.random(len(rows)) < NEW, begin, 0))
    codes = part.codes * (random.random(part.codes.shape) >= UNNAMED)
    numbers = part.numbers * (random.random(part.numbers.shape) >= UNNAMED)
    inputs, codes_seen, numbers_seen = _tensors(seen.inputs, codes, numbers.astype(np.float32))
    unit, total = _tensors(part.unit(seen.level), target)
    quantile = network.decode(network.encode(inputs, codes_seen, numbers_seen, generator), unit, generator)
    return quantile_loss(quantile, total / unit)


def forecast(networks: list[QuantileNetwork], panel: Panel) -> Floats:
    """Mean over the networks of the quantiles after the last period: [series, span, probability]."""
    parts = np.array_split(np.arange(panel.num_series), max(math.ceil(panel.num_series / 512), 1))
    with exact_arithmetic(), torch.no_grad():
        return np.concatenate([_forecast_some(networks, panel.of(rows).crop_last()) for rows in parts])


def _forecast_some(networks: list[QuantileNetwork], panel: Panel) -> Floats:
    """Forecast of a few series at once."""
    seen = panel.look()
    inputs, codes, numbers, unit = _tensors(seen.inputs, panel.codes, panel.numbers, panel.unit(seen.level)[:, -1:])
    ratios = [network.decode(network.encode(inputs, codes, numbers)[:, -1:], unit) for network in networks]
    quantile: Floats = (torch.stack(ratios).double().mean(dim=0) * unit[..., None])[:, 0].numpy()
    return quantile


def _tensors(*arrays: Singles | Ints) -> list[torch.Tensor]:
    """The same as tensors."""
    return [torch.from_numpy(array) for array in arrays]
