"""Why a product is stocked at a node as it is: a target taken apart."""

from meio.explanation.explain import explain
from meio.explanation.reasons import Explanation, PeriodReasons

__all__ = ["Explanation", "PeriodReasons", "explain"]
