import mmap

import numpy as np
import pytest

from xadapt.problems.nearest import top_k


def naive(queries, candidates, k):
    scores = queries.astype(np.float64) @ candidates.astype(np.float64).T
    order = np.lexsort((np.broadcast_to(np.arange(scores.shape[1]), scores.shape), -scores), axis=1)[:, :k]
    return np.take_along_axis(scores, order, axis=1), order


def whole_numbers(shape, seed=0, top=3):
    """Vectors whose products are exact in any order, with many ties."""
    return np.random.default_rng(seed).integers(-top, top + 1, size=shape).astype(np.float32)


def normal(shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


@pytest.mark.parametrize("candidate_block", [1, 7, 64, 1000])
@pytest.mark.parametrize("query_block", [1, 5, 100])
@pytest.mark.parametrize("k", [1, 4, 20])
def test_the_best_are_found_whatever_the_blocks_and_ties_go_to_the_lower_index(k, query_block, candidate_block):
    queries, candidates = whole_numbers((23, 4)), whole_numbers((201, 4), 1)
    scores, indices = top_k(queries, candidates, k, query_block, candidate_block)
    expected_scores, expected = naive(queries, candidates, k)
    assert len(np.unique(expected_scores[:, 0])) < len(queries), "the numbers were to have ties"
    np.testing.assert_array_equal(indices, expected)
    np.testing.assert_array_equal(scores, expected_scores)


def test_real_vectors_give_what_the_whole_matrix_gives():
    queries, candidates = normal((40, 32)), normal((3000, 32), 1)
    scores, indices = top_k(queries, candidates, 20, 16, 500)
    expected_scores, expected = naive(queries, candidates, 20)
    np.testing.assert_array_equal(indices, expected)
    np.testing.assert_allclose(scores, expected_scores, atol=1e-4)
    assert scores.dtype == np.float32
    assert indices.dtype == np.int64


def test_equal_candidates_come_in_their_order_even_when_there_are_more_than_asked_for():
    candidates = np.ones((50, 3), dtype=np.float32)
    candidates[30] = 2.0
    scores, indices = top_k(np.ones((2, 3), dtype=np.float32), candidates, 4, candidate_block=16)
    assert indices.tolist() == [[30, 0, 1, 2]] * 2
    assert scores.tolist() == [[6.0, 3.0, 3.0, 3.0]] * 2


def test_all_candidates_come_back_when_there_are_fewer_than_asked_for():
    scores, indices = top_k(np.eye(3, dtype=np.float32)[:1], np.eye(3, dtype=np.float32), 20)
    assert indices.tolist() == [[0, 1, 2]]
    assert scores.tolist() == [[1.0, 0.0, 0.0]]


def test_no_query_and_no_candidate_give_nothing():
    assert [part.shape for part in top_k(np.ones((0, 3)), np.ones((5, 3)), 2)] == [(0, 2), (0, 2)]
    assert [part.shape for part in top_k(np.ones((5, 3)), np.ones((0, 3)), 2)] == [(5, 0), (5, 0)]


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("mode", ["r", "r+", "c"])
def test_a_mapped_file_is_searched_like_an_array_and_stays_as_it_is(tmp_path, dtype, mode):
    vectors = whole_numbers((300, 8)).astype(dtype)
    vectors.tofile(tmp_path / "vectors")
    mapped = np.memmap(tmp_path / "vectors", dtype=dtype, mode=mode, shape=(300, 8))
    if mode != "r":
        vectors[5] = mapped[5] = 9.0
    queries = whole_numbers((10, 8), 1)
    for part, expected in zip(top_k(queries, mapped, 5, candidate_block=64), naive(queries, vectors, 5), strict=True):
        np.testing.assert_array_equal(part, expected)
    np.testing.assert_array_equal(mapped, vectors)


def test_only_a_block_of_candidates_is_read_at_a_time_and_each_once():
    class Watched(np.ndarray):
        def __getitem__(self, part):
            read.append((part.start, part.stop))
            return super().__getitem__(part)

    read = []
    top_k(normal((30, 8)), normal((100, 8)).view(Watched), 3, query_block=4, candidate_block=32)
    assert read == [(0, 32), (32, 64), (64, 96), (96, 128)]


def test_pages_of_a_file_that_is_only_read_are_given_back(tmp_path, monkeypatch):
    normal((100, 8)).tofile(tmp_path / "vectors")

    class Watched(mmap.mmap):
        def madvise(self, *advice):
            given_back.append(advice)

    given_back = []
    monkeypatch.setattr(mmap, "mmap", Watched)
    monkeypatch.setattr(mmap, "MADV_DONTNEED", 4, raising=False)
    for mode in ("r", "c"):
        mapped = np.memmap(tmp_path / "vectors", dtype=np.float32, mode=mode, shape=(100, 8))
        top_k(normal((2, 8)), mapped, 3, candidate_block=50)
    assert given_back == [(4,), (4,)], "twice for the first file, never for the one with changes of its own"


@pytest.mark.parametrize(("queries", "candidates"), [((2, 3), (2, 4)), ((3,), (2, 3)), ((2, 3), (3,))])
def test_shapes_that_do_not_fit_are_an_error(queries, candidates):
    with pytest.raises(ValueError, match="width"):
        top_k(np.ones(queries), np.ones(candidates), 1)


def test_asking_for_nothing_is_an_error():
    with pytest.raises(ValueError, match="0"):
        top_k(np.ones((1, 2)), np.ones((1, 2)), 0)
