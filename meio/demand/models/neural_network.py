"""The network of the neural model: dilated causal convolutions, and a decoder of rising quantiles for all spans."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
import torch

from meio.demand.spans import PROBABILITIES
from meio.network.compiled import Floats

CHANNELS = 48
DILATIONS = (1, 2, 4, 8, 16)
"""Periods between the three that a convolution joins; together they reach back 62 periods."""
EMBEDDING = 8
HIDDEN = 96
DROPPED = 0.1
"""Share of channels that are dropped in training."""
SHAPES = (0.02, 1e6)
"""Least and greatest shape of the gamma distribution: its mean² over its variance."""
LEAST_STEP = 3e-3
"""Added to each step between quantiles, so that none is beyond stretching."""


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
    dispersion : array [span]
        Variance over mean of totals, to start from.
    """

    def __init__(self, shape: Shape, dispersion: Floats) -> None:
        super().__init__()
        num_static = EMBEDDING * len(shape.sizes) + shape.num_numbers
        self.embeddings = torch.nn.ModuleList(torch.nn.Embedding(size, EMBEDDING) for size in shape.sizes)
        self.enter = torch.nn.Linear(shape.num_inputs + num_static, CHANNELS)
        self.layers = torch.nn.ModuleList(torch.nn.Linear(3 * CHANNELS, CHANNELS) for _ in DILATIONS)
        self.mix = torch.nn.Linear(CHANNELS + shape.num_inputs + num_static, HIDDEN)
        self.scale = torch.nn.Linear(HIDDEN, shape.num_spans)
        self.shape = torch.nn.Linear(HIDDEN, shape.num_spans)
        self.steps = torch.nn.Linear(HIDDEN, shape.num_spans * len(PROBABILITIES))
        with torch.no_grad():
            for layer in (self.scale, self.shape, self.steps):
                layer.weight.mul_(0.1)
                layer.bias.zero_()
            self.shape.bias.copy_(torch.from_numpy(-np.log(dispersion)))

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

    def decode(self, known: torch.Tensor, unit: torch.Tensor, generator: torch.Generator | None = None) -> torch.Tensor:
        """Quantiles as multiples of the unit [series, origin, span, probability], ≥ 0, not falling with probability.

        They are those of a gamma distribution whose mean and shape are learned, each step from one probability to the
        next stretched by a factor that is learned too and is above 0.

        Parameters
        ----------
        known : tensor [series, origin, channel]
            From `encode`, of all origins or some.
        unit : tensor [series, origin, span]
            Level times length of the span.
        generator : Generator or None
        """
        mixed = _dropped(torch.relu(self.mix(known)), generator)
        shape = (unit * torch.exp(self.shape(mixed))).clamp(*SHAPES)
        steps = torch.diff(_gamma_quantiles(shape), dim=3, prepend=torch.zeros_like(shape)[..., None])
        factor = torch.nn.functional.softplus(self.steps(mixed)).unflatten(2, (-1, len(PROBABILITIES))) / math.log(2.0)
        return torch.cumsum((steps + LEAST_STEP) * factor, dim=3) * torch.exp(self.scale(mixed))[..., None]


def _gamma_quantiles(shape: torch.Tensor) -> torch.Tensor:
    """Quantiles of a gamma distribution of mean 1, by the cube of a normal: [series, origin, span, probability].

    References
    ----------
    Wilson, Hilferty 1931.
    """
    normal = torch.tensor([NormalDist().inv_cdf(probability) for probability in PROBABILITIES])
    spread = 1.0 / (3.0 * torch.sqrt(shape))[..., None]
    return (1.0 - spread**2 + normal * spread).clamp(min=0.0) ** 3


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
