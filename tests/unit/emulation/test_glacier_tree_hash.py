"""The tree hash is botocore's, and a range has one where the tree has a node."""

from io import BytesIO

import pytest
from botocore.utils import calculate_tree_hash

from emulation.services.glacier import tree_hash
from emulation.services.glacier.tree_hash import MEGABYTE


@pytest.mark.parametrize("size", [1, MEGABYTE, 5 * MEGABYTE + 3])
def test_hash_is_the_one_that_clients_compute(size):
    content = bytes(range(251)) * (size // 251 + 1)
    stream = BytesIO(content[:size])
    found = tree_hash.root(tree_hash.leaves(tree_hash.megabytes(stream)))
    assert found == calculate_tree_hash(BytesIO(content[:size]))


def test_aligned_ranges_are_nodes():
    size = 6 * MEGABYTE + MEGABYTE // 2

    def aligned(first, last):
        return tree_hash.is_aligned(first * MEGABYTE, min(last * MEGABYTE, size), size)

    assert [aligned(*of) for of in ((0, 7), (0, 4), (4, 6), (4, 7), (6, 7), (1, 2))] == [True] * 6
    assert [aligned(*of) for of in ((1, 3), (0, 3), (2, 6), (3, 5))] == [False] * 4
    assert not tree_hash.is_aligned(5, MEGABYTE, size)
