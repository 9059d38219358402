"""Some products of a planning model, as a planning model of their own."""

from __future__ import annotations

import numpy as np

from meio.network.compiled import Ints
from meio.optimizer.model import PlanningModel

_BY_PRODUCT = (
    "volume_m3",
    "storage_type_idx",
    "weight_class_idx",
    "holding_per_day",
    "lane_cost",
    "pack",
    "least_order",
    "is_tree",
    "late_penalty",
    "lost_penalty",
    "backorder_penalty",
)
_BY_STREAM = ("stream_kind", "daily_mean", "daily_variance", "mix_idx")


def of_products(model: PlanningModel, product_idx: Ints) -> PlanningModel:
    """The model of some products only, in the order given; what all products share stays as it is."""
    length = np.diff(model.product_ptr)[product_idx]
    pointers = np.concatenate([[0], np.cumsum(length)])
    stream = np.repeat(model.product_ptr[product_idx] - pointers[:-1], length) + np.arange(pointers[-1])
    cell = (stream[:, None] * model.num_periods + np.arange(model.num_periods)).ravel()
    points = np.diff(model.table_ptr)[cell]
    table_ptr = np.concatenate([[0], np.cumsum(points)])
    point = np.repeat(model.table_ptr[cell] - table_ptr[:-1], points) + np.arange(table_ptr[-1])
    return model._replace(
        **{name: getattr(model, name)[product_idx] for name in _BY_PRODUCT},
        **{name: getattr(model, name)[stream] for name in _BY_STREAM},
        product_ptr=pointers,
        table_ptr=table_ptr,
        table_value=model.table_value[point],
        table_probability=model.table_probability[point],
    )
