"""The network of the neural model: dilated causal convolutions, and a decoder of rising quantiles for all spans."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch

from meio.demand.models.neural_inputs import Singles
from meio.demand.spans import PROBABILITIES

CHANNELS = 48
DILATIONS = (1, 2, 4, 8, 16)
"""Periods between the three that a convolution joins; together they reach back 62 periods."""
EMBEDDING = 8
HIDDEN = 96
DROPPED = 0.1
"""Share of channels that are dropped in training."""


class Shape(NamedTuple):
    """Sizes of a network: inputs, codes of each category, numbers, spans."""

    num_inputs: int
    sizes: tuple[int, ...]
    num_numbers: int
    num_spans: int


class QuantileNetwork(torch.nn.Module):
    """Quantiles over all spans from each origin, as multiples of the level times the length of the span.

    Parameters
    ----------
    shape : Shape
    start : array [span, probability]
        Quantiles to start from, rising, the same for every series: those of all series pooled.
    """

    def __init__(self, shape: Shape, start: Singles) -> None:
        super().__init__()
        num_static = EMBEDDING * len(shape.sizes) + shape.num_numbers
        self.embeddings = torch.nn.ModuleList(torch.nn.Embedding(size, EMBEDDING) for size in shape.sizes)
        self.enter = torch.nn.Linear(shape.num_inputs + num_static, CHANNELS)
        self.layers = torch.nn.ModuleList(torch.nn.Linear(3 * CHANNELS, CHANNELS) for _ in DILATIONS)
        self.mix = torch.nn.Linear(CHANNELS + shape.num_inputs + num_static, HIDDEN)
        self.scale = torch.nn.Linear(HIDDEN, shape.num_spans)
        self.steps = torch.nn.Linear(HIDDEN, shape.num_spans * len(PROBABILITIES))
        self._start_from(start)

    def _start_from(self, start: Singles) -> None:
        """Let the decoder give these quantiles, nearly, whatever it is told."""
        steps = np.maximum(np.diff(start.astype(float), axis=1, prepend=0.0), 1e-3).ravel()
        with torch.no_grad():
            self.scale.weight.mul_(0.1)
            self.scale.bias.zero_()
            self.steps.weight.mul_(0.1)
            self.steps.bias.copy_(torch.from_numpy(steps + np.log(-np.expm1(-steps))))

    def encode(
        self, inputs: torch.Tensor, codes: torch.Tensor, numbers: torch.Tensor, generator: torch.Generator | None = None
    ) -> torch.Tensor:
        """What is known at each origin: [series, origin, channel]; some channels are dropped if given a generator.

        Parameters
        ----------
        inputs : tensor [series, origin, input]
        codes : tensor [series, category]
        numbers : tensor [series, number]
        generator : Generator or None
        """
        static = torch.cat([embed(codes[:, place]) for place, embed in enumerate(self.embeddings)] + [numbers], dim=1)
        seen = torch.cat((inputs, static[:, None].expand(-1, inputs.shape[1], -1)), dim=2)
        state = torch.relu(self.enter(seen))
        for dilation, layer in zip(DILATIONS, self.layers, strict=True):
            past = torch.cat((_delayed(state, 2 * dilation), _delayed(state, dilation), state), dim=2)
            state = state + _dropped(torch.relu(layer(past)), generator)
        return torch.cat((state, seen), dim=2)

    def decode(self, known: torch.Tensor, generator: torch.Generator | None = None) -> torch.Tensor:
        """Quantiles [series, origin, span, probability], ≥ 0, not falling with the probability.

        Parameters
        ----------
        known : tensor [series, origin, channel]
            From `encode`, of all origins or some.
        generator : Generator or None
        """
        mixed = _dropped(torch.relu(self.mix(known)), generator)
        steps = torch.nn.functional.softplus(self.steps(mixed)).unflatten(2, (-1, len(PROBABILITIES)))
        return torch.cumsum(steps, dim=3) * torch.exp(self.scale(mixed))[..., None]


def _delayed(state: torch.Tensor, periods: int) -> torch.Tensor:
    """The state some periods before each origin, 0 before the first: [series, origin, channel]."""
    return torch.nn.functional.pad(state, (0, 0, periods, 0))[:, : state.shape[1]]


def _dropped(state: torch.Tensor, generator: torch.Generator | None) -> torch.Tensor:
    """The state with some channels at 0, the same ones at all origins of a series; all kept without a generator."""
    if generator is None:
        return state
    kept = torch.rand((state.shape[0], 1, state.shape[2]), generator=generator) >= DROPPED
    return state * kept / (1.0 - DROPPED)


def quantile_loss(quantile: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Mean quantile loss over probabilities and all targets that are known.

    Parameters
    ----------
    quantile : tensor [series, origin, span, probability]
    target : tensor [series, origin, span]
        NaN where unknown.
    """
    known = ~torch.isnan(target)
    missed = torch.nan_to_num(target)[..., None] - quantile
    probability = torch.tensor(PROBABILITIES)
    loss = torch.maximum(probability * missed, (probability - 1.0) * missed).mean(dim=3)
    return (loss * known).sum() / known.sum().clamp(min=1)
