"""Random demand of a small network: streams of every kind, with mixes of zones and speeds."""

import numpy as np

from meio.network.compiled import EMPIRICAL, QUANTILES, Demand


def random_demand(rng, size):
    streams = rng.integers(1, 4, size.products)
    num_streams = streams.sum()
    kind = rng.integers(6, size=num_streams)
    mean = size.daily_mean / np.repeat(streams, streams)[:, None] * rng.uniform(0.5, 1.5, (num_streams, size.periods))
    num_classes = size.zones * size.speeds
    mixes = [np.sort(rng.choice(num_classes, rng.integers(1, num_classes + 1), replace=False)) for _ in range(3)]
    points = [
        _points(rng, mean[stream, period] * size.period_days, kind[stream])
        for stream in range(num_streams)
        for period in range(size.periods)
    ]
    hourly = rng.random(24) * (rng.random(24) < 0.7) + np.eye(24)[12]
    return Demand(
        product_ptr=np.concatenate([[0], np.cumsum(streams)]),
        stream_kind=kind,
        daily_mean=mean,
        daily_variance=mean * rng.uniform(0.5, 3, mean.shape),
        mix_idx=rng.integers(3, size=num_streams),
        mix_ptr=np.cumsum([0, *map(len, mixes)]),
        mix_class_idx=np.concatenate(mixes),
        mix_share=np.concatenate([rng.dirichlet(np.ones(len(mix))) for mix in mixes]),
        table_ptr=np.cumsum([0, *(len(value) for value, _ in points)]),
        table_value=np.concatenate([value for value, _ in points]),
        table_probability=np.concatenate([probability for _, probability in points]),
        hourly_share=hourly / hourly.sum(),
    )


def _points(rng, mean, kind):
    if kind not in (EMPIRICAL, QUANTILES):
        return [], []
    probability = np.array([0.2, 0.6, 1.0]) if kind == EMPIRICAL else np.array([0.1, 0.5, 0.9])
    return np.sort(np.round(mean * rng.uniform(0.3, 2, 3))), probability
