"""Blocks are handed out and answered once, in order, whatever workers do."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from meio.blocks.executors.dispatch import LEFT_IN_PEACE, Round
from meio.blocks.executors.protocol import BlockFailure


def played(work: Round, workers: list[int], failures: dict[int, int], data: st.DataObject) -> tuple[list, list]:
    """Play a round in any order, each block failing so often; what was yielded, and who began which block."""
    under_way: dict[int, int] = {}
    yielded, begun = [], []
    while not work.finished:
        for worker in workers:
            index = None if worker in under_way.values() else work.take(worker, workers)
            if index is not None:
                assert index not in under_way
                under_way[index] = worker
                begun.append((index, worker))
        assert under_way, "blocks wait though workers are free"
        index = data.draw(st.sampled_from(sorted(under_way)))
        worker = under_way.pop(index)
        times = sum(block == index for block, _ in begun)
        answer = BlockFailure(index, "no") if times <= failures.get(index, 0) else index
        work.answer(index, answer, worker)
        yielded += work.ready()
    return yielded, begun


@given(
    st.integers(0, 12),
    st.integers(1, 4),
    st.dictionaries(st.integers(0, 11), st.integers(1, 3)),
    st.dictionaries(st.integers(0, 11), st.integers(0, 6)),
    st.data(),
)
def test_round_answers_every_block_once(
    num_blocks: int, num_workers: int, failures: dict[int, int], homes: dict[int, int], data: st.DataObject
):
    workers = list(range(num_workers))
    yielded, begun = played(Round(num_blocks, dict(homes)), workers, failures, data)
    assert yielded == [
        BlockFailure(index, "no") if failures.get(index, 0) > 1 else index for index in range(num_blocks)
    ]
    for index in range(num_blocks):
        tried_by = [worker for block, worker in begun if block == index]
        assert len(tried_by) == 1 + (failures.get(index, 0) > 0)
        assert len(set(tried_by)) == len(tried_by) or num_workers == 1  # once more, but elsewhere


@given(st.integers(1, 20), st.integers(1, 4), st.data())
def test_worker_begins_with_the_blocks_it_had(num_blocks: int, num_workers: int, data: st.DataObject):
    homes = {index: index % num_workers for index in range(num_blocks)}
    _, begun = played(Round(num_blocks, dict(homes)), list(range(num_workers)), {}, data)
    moved = [index for index, worker in begun if homes[index] != worker]
    assert all(sum(homes[other] == homes[index] for other in range(num_blocks)) > LEFT_IN_PEACE for index in moved)


def test_blocks_of_a_worker_that_is_gone_go_to_the_others():
    work = Round(3, {0: "gone", 1: "gone", 2: "here"})
    assert [work.take("here", ["here"]) for _ in range(4)] == [2, 0, 1, None]


def test_block_given_back_is_taken_by_another():
    work = Round(2, {})
    assert work.take("dead", ["dead", "here"]) == 0
    work.give_back(0)
    assert [work.take("here", ["here"]) for _ in range(3)] == [0, 1, None]
