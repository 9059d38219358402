"""What-if studies: plan and simulate variants of a scenario beside it, as many at a time as there are cores."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import replace
from pathlib import Path
from threading import Event, Lock
from time import perf_counter
from typing import Any

from meio.network.compile import compile_scenario
from meio.network.compiled import CompiledScenario
from meio.network.model import Scenario
from meio.network.problems import ScenarioError
from meio.output import recorded_versions
from meio.plans import Plan
from meio.studies.edits import scenario_of
from meio.studies.expansion import Variant, variants_of
from meio.studies.model import BASE
from meio.studies.reading import Study, read_study
from meio.studies.records import Record, failed
from meio.studies.result import StudyResult, write_result
from meio.studies.study_folder import BASE_PLAN, START, StudyFolder
from meio.studies.tables import replications_frame, results_frame, variants_frame
from meio.studies.variant_run import Based, Settings, StudyError, plan_from, planned, proven
from meio.studies.warm_start import Start, carried_over

Progress = Callable[[str, int, int], None]
_PERCENT = 100


def study(
    source: Path | str | Mapping[str, Any],
    folder: Path | str | None = None,
    *,
    overrides: Sequence[str] = (),
    replications: int | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
) -> StudyResult:
    """Plan and simulate every variant of a study beside the base, on the same random orders.

    The base is planned from zero prices, every variant from the base's prices on. A variant that cannot be had is
    told in the results and costs no other.

    Parameters
    ----------
    source : path or mapping
        The study's YAML file, or what it would say; then paths are relative to the working folder.
    folder : path, optional
        Where to write; none: nowhere. Every finished variant is kept there at once, and a later call goes on where an
        earlier one was stopped, with the same result.
    overrides : sequence of str
        ``path=value``; they win over the base's file and the study's `set`, but not over what varies.
    replications : int, optional
        In place of the study's.
    workers : int, optional
        Variants at a time; none: one a core. Results do not depend on it.
    progress : Progress, optional
        Who is told how far it is.

    Raises
    ------
    ScenarioError
        With every problem of the study or its base.
    OutputError
        When the folder cannot be written, or holds a study that asked for something else.
    KeyboardInterrupt
        After what is finished was written.
    """
    given = read_study(source)
    if replications is not None:
        given = replace(given, file=given.file.model_copy(update={"replications": replications}))
    variants = variants_of(given)
    scenario = scenario_of(given, variants[0], overrides)
    place = None if folder is None else StudyFolder(Path(folder), _asked(given, variants, scenario, overrides))
    work = _Work(given, variants, scenario, tuple(overrides), place, workers or os.cpu_count() or 1, progress)
    try:
        work.run()
    finally:
        result = work.result()
        if place is not None and work.records:
            facts = {"overrides": list(overrides), "name": scenario.file.name, "hash": scenario.hash}
            write_result(place, result, list(work.records.values()), given.base, facts)
    return result


def _asked(given: Study, variants: Sequence[Variant], scenario: Scenario, overrides: Sequence[str]) -> dict[str, Any]:
    """All that the results depend on."""
    told = given.file.model_dump(mode="json", exclude={"variations", "base"})
    expanded = {one.name: {"plan": one.plan, "changes": [change.plain() for change in one.changes]} for one in variants}
    study_part = told | {"overrides": list(overrides), "variants": expanded}
    return {"study": study_part, "data": scenario.data_hashes, "versions": recorded_versions()}


class _StoppedError(Exception):
    """The study was interrupted while a variant ran."""


class _Work:
    """A study under way."""

    def __init__(
        self,
        given: Study,
        variants: Sequence[Variant],
        scenario: Scenario,
        overrides: tuple[str, ...],
        place: StudyFolder | None,
        workers: int,
        progress: Progress | None,
    ) -> None:
        self._given, self._variants, self._scenario = given, variants, scenario
        self._overrides, self._place, self._workers, self._progress = overrides, place, workers, progress
        self._stopped, self._lock = Event(), Lock()
        self._shares = dict.fromkeys(range(len(variants)), 0.0)
        self.records: dict[int, Record] = {}
        """By the number of their variant, in which the base is 0."""

    def run(self) -> None:
        """Run the base, then every variant that was not finished earlier."""
        base_folder = self._given.base.parent
        for index, variant in enumerate(self._variants):
            record = self._place.record(index, variant.name, base_folder) if self._place else None
            if record is not None:
                self.records[index] = record
                self._tell(index, 1.0)
        waiting = [index for index in range(1, len(self._variants)) if index not in self.records]
        if not waiting and 0 in self.records:
            return
        base = self._base()
        count = self.records[0].replications
        at_once = min(self._workers, max(len(waiting), 1))
        settings = self._settings(count, None, max(1, self._workers // at_once))
        with ThreadPoolExecutor(at_once) as threads:
            running = {threads.submit(self._variant, index, base, settings): index for index in waiting}
            try:
                self._gather(running)
            except BaseException:
                self._stopped.set()
                threads.shutdown(wait=True, cancel_futures=True)
                self._keep_finished(running)
                raise

    def result(self) -> StudyResult:
        """What was found so far."""
        records = [self.records[index] for index in sorted(self.records)]
        file, policies = self._given.file, self._policies
        return StudyResult(
            name=file.name,
            description=file.description,
            currency=self._scenario.file.costs.currency,
            frame=results_frame(records),
            variants=variants_frame(self._variants, records, policies),
            replications=replications_frame(records),
        )

    @property
    def _policies(self) -> tuple[Any, ...]:
        return tuple(dict.fromkeys(self._given.file.policies or [self._scenario.file.simulation.policy]))

    def _settings(self, replications: int, precision: float | None, workers: int) -> Settings:
        return Settings(self._policies, replications, precision, self._given.file.seed, workers)

    def _base(self) -> Based:
        """The base with its plan, made or as it was kept; it is simulated if it was not yet."""
        began, scenario, tell = perf_counter(), self._scenario, self._teller(0)
        compiled = compile_scenario(scenario)

        def first() -> Plan:
            nothing = Start(None, None)
            return plan_from(scenario, compiled, nothing, self._workers, lambda share: tell(share / 3))

        def second() -> Plan:
            begin = carried_over(start, compiled, compiled)
            return plan_from(scenario, compiled, begin, self._workers, lambda share: tell((1 + share) / 3))

        start = self._plan(START, compiled, first)
        based = Based(scenario, compiled, self._plan(BASE_PLAN, compiled, second), start)
        if 0 not in self.records:
            file = self._given.file
            count = file.replications or scenario.file.simulation.replications
            settings = self._settings(count, file.precision, self._workers)
            self._finish(0, proven(BASE, "anew", based, settings, began, lambda share: tell((2 + share) / 3)))
        return based

    def _plan(self, name: str, compiled: CompiledScenario, make: Callable[[], Plan]) -> Plan:
        """A plan of the base, as it was kept or else made now."""
        if self._place is None:
            return make()
        kept = self._place.plan(name, compiled)
        return self._place.keep_plan(name, make(), compiled) if kept is None else kept

    def _variant(self, index: int, base: Based, settings: Settings) -> Record:
        """Run one variant; whatever goes wrong in it is told in its record."""
        began, variant, tell = perf_counter(), self._variants[index], self._teller(index)
        try:
            scenario = scenario_of(self._given, variant, self._overrides)
            how, based = planned(scenario, base, variant.plan, settings.workers, lambda share: tell(share / 2))
            return proven(variant.name, how, based, settings, began, lambda share: tell((1 + share) / 2))
        except _StoppedError:
            raise
        except (ScenarioError, StudyError) as error:
            return failed(variant.name, str(error))
        except Exception as error:  # noqa: BLE001 - one variant's failure is told, and loses no other
            return failed(variant.name, f"internal error, {type(error).__name__}: {error}")

    def _gather(self, running: dict[Future[Record], int]) -> None:
        """Keep each variant as soon as it is finished."""
        left = set(running)
        while left:
            finished, left = wait(left, return_when=FIRST_COMPLETED)
            for future in finished:
                self._finish(running[future], future.result())

    def _keep_finished(self, running: dict[Future[Record], int]) -> None:
        """Keep what was finished while the study was being stopped."""
        for future, index in running.items():
            if index not in self.records and not future.cancelled() and future.exception() is None:
                self._finish(index, future.result())

    def _finish(self, index: int, record: Record) -> None:
        self.records[index] = record
        if self._place is not None and record.error is None:
            self._place.keep(index, record)
        self._tell(index, 1.0)

    def _teller(self, index: int) -> Callable[[float], None]:
        def tell(share: float) -> None:
            if self._stopped.is_set():
                raise _StoppedError
            self._tell(index, share)

        return tell

    def _tell(self, index: int, share: float) -> None:
        with self._lock:
            self._shares[index] = share
            done = sum(self._shares.values())
        if self._progress is not None:
            self._progress("study", round(_PERCENT * done), _PERCENT * len(self._variants))
