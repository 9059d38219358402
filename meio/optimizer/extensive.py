"""The extensive form: the whole sampled model as one linear program, written in Pyomo and solved by HiGHS.

For small instances only; its duals are what the prices of the decomposition are held against.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

import highspy
import numpy as np

from meio.network.compiled import Floats
from meio.optimizer.sampled import SampledModel

if TYPE_CHECKING:
    from pyomo.environ import ConcreteModel
    from pyomo.repn.plugins.standard_form import LinearStandardFormInfo


class LinearProgramError(RuntimeError):
    """HiGHS ended without an optimum."""


class ExtensiveSolution(NamedTuple):
    """Optimum of the linear program."""

    cost: float
    """Money over the horizon."""
    level: Floats
    """[product, node, period], units"""
    flow: Floats
    """[product, node, period]: mean units shipped to customers a day."""
    prices: Floats
    """[resource]: duals of the capacities, none negative, money per unit of capacity and day."""
    build_seconds: float
    """Processor time of writing the program and handing it to HiGHS."""
    solve_seconds: float
    """Processor time of HiGHS alone, on one thread."""


def extensive_solution(model: SampledModel) -> ExtensiveSolution:
    """Build and solve the linear program.

    Raises
    ------
    LinearProgramError
        When HiGHS ends without an optimum.
    """
    from meio.optimizer.extensive_program import extensive_program

    began = time.process_time()
    program = extensive_program(model)
    highs, form = _handed_over(program)
    build_seconds = time.process_time() - began
    began = time.process_time()
    highs.run()
    solve_seconds = time.process_time() - began
    if highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        status = highs.modelStatusToString(highs.getModelStatus())
        raise LinearProgramError(f"HiGHS ended the extensive form as: {status}")
    solution = highs.getSolution()
    values = {id(variable): value for variable, value in zip(form.columns, solution.col_value, strict=True)}
    duals = {id(row.constraint): dual for row, dual in zip(form.rows, solution.row_dual, strict=True)}
    level, flow = (
        np.array([values.get(id(cell), 0.0) for cell in variable.values()]).reshape(model.cells)
        for variable in (program.level, program.flow)
    )
    return ExtensiveSolution(
        cost=model.period_days * (highs.getInfo().objective_function_value + unserved_cost(model)),
        level=level,
        flow=flow,
        prices=np.array([max(0.0, -duals[id(row)]) for row in program.capacity.values()]),
        build_seconds=build_seconds,
        solve_seconds=solve_seconds,
    )


def unserved_cost(model: SampledModel) -> float:
    """Mean cost a day of serving nobody, money."""
    demand = model.demand.mean(axis=2).sum(axis=1)  # [product, class]
    return float(((demand * model.unserved_cost).sum(axis=1) / model.window_days).sum())


def _handed_over(program: ConcreteModel) -> tuple[highspy.Highs, LinearStandardFormInfo]:
    """The program in HiGHS, and which of its rows and columns stand where.

    Pyomo compiles the matrix; HiGHS takes its interior point method with crossover, several times as fast on these
    programs as its simplex method.
    """
    from pyomo.environ import minimize
    from pyomo.repn.plugins.standard_form import LinearStandardFormCompiler

    form = LinearStandardFormCompiler().write(program, mixed_form=True, set_sense=minimize)
    matrix, bounds = form.A.tocsc(), [variable.bounds for variable in form.columns]
    kind = np.array([row.bound_type for row in form.rows])
    linear = highspy.HighsLp()
    linear.num_row_, linear.num_col_ = matrix.shape
    linear.col_cost_ = form.c.toarray().ravel()
    linear.col_lower_ = np.array([low for low, _ in bounds], dtype=np.float64)
    linear.col_upper_ = np.array([np.inf if high is None else high for _, high in bounds])
    linear.row_lower_ = np.where(kind == 0, form.rhs, -np.inf)
    linear.row_upper_ = np.asarray(form.rhs)
    linear.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    linear.a_matrix_.start_, linear.a_matrix_.index_ = matrix.indptr, matrix.indices
    linear.a_matrix_.value_ = matrix.data
    highs = highspy.Highs()  # type: ignore[no-untyped-call]
    highs.setOptionValue("output_flag", False)
    highs.setOptionValue("solver", "ipm")
    highs.setOptionValue("threads", 1)
    highs.passModel(linear)
    return highs, form
