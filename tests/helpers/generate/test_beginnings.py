"""The tree of beginnings counts every answer once, and loses nothing."""

from hypothesis import given
from hypothesis import strategies as st

from helpers.generate.beginnings import ask, tree
from tests.helpers.sampler import Sampler

PATHS = st.lists(st.lists(st.sampled_from(["a", " b", "\n"]), max_size=5).map(tuple), max_size=30)
GREEK = {" alpha": 0.5, " beta": 0.5}


def paths_of(branches, before=()):
    """The answers that a tree was made of, those that are empty left out."""
    for branch in branches:
        own = (*before, *branch.pieces)
        yield from [own] * (branch.count - sum(each.count for each in branch.branches))
        yield from paths_of(branch.branches, own)


@given(PATHS)
def test_a_tree_is_its_answers_and_nothing_else(paths):
    assert sorted(paths_of(tree(paths))) == sorted(path for path in paths if path)


@given(PATHS)
def test_the_most_frequent_comes_first_and_what_parts_parts(paths):
    def check(branches):
        counts = [each.count for each in branches]
        assert counts == sorted(counts, reverse=True)
        assert len({each.pieces[0] for each in branches}) == len(branches)
        for each in branches:
            assert not (len(each.branches) == 1 and each.branches[0].count == each.count)
            check(each.branches)

    check(tree(paths))


def test_answers_come_in_tokens_a_request_at_a_time():
    client = Sampler(GREEK, GREEK, GREEK)
    requests = list(ask(client, "Once", temperature=1.0, answers=12, tokens=2))
    assert [len(each) for each in requests] == [5, 5, 2]
    assert all(len(path) == 2 for each in requests for path in each)
    assert {(each["temperature"], each["max_tokens"]) for each in client.asked} == {(1.0, 2)}


def test_without_tokens_the_words_are_counted():
    client = Sampler({"The end\n": 1.0}, model_id="command-r-08-2024")
    (one, two) = ask(client, "Once", temperature=1.0, answers=2, tokens=1)
    assert one == two == (("The", " end", "\n"),)
