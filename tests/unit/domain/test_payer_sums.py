"""In how many ways an amount is what is open of some accounts, counted by hand."""

from pawledger.domain.matching.payer_sums import SUMS_MAX, WAYS_STEPS_MAX, find_ways, payable_sums
from tests.builders.account_books import build_account


def test_sums_are_those_of_any_invoices() -> None:
    # 10.00, 5.00 and 2.50; in twos 15.00, 12.50 and 7.50; all 17.50.
    open_invoices = build_account("AAAA", 1_000, 500, 250).open_invoices
    assert sorted(payable_sums(open_invoices) or ()) == [250, 500, 750, 1_000, 1_250, 1_500, 1_750]
    assert sorted(payable_sums(build_account("AAAA", 500, 500).open_invoices) or ()) == [500, 1_000]
    assert payable_sums(()) == ()


def test_more_sums_than_the_limit_are_none() -> None:
    # Powers of two: each further invoice doubles the sums. Eight make 255 and nothing; nine make 511.
    assert len(payable_sums(build_account("AAAA", *(2**n for n in range(8))).open_invoices) or ()) == SUMS_MAX - 1
    assert payable_sums(build_account("AAAA", *(2**n for n in range(9))).open_invoices) is None


def test_ways_have_a_place_for_each_account() -> None:
    assert find_ways(30, [[10, 20], [20], [5]]) == ((10, 20, 0),)
    assert find_ways(35, [[10, 20], [20], [5]]) == ((10, 20, 5),)
    assert find_ways(99, [[10, 20], [20], [5]]) == ()
    assert find_ways(10, []) == ()


def test_two_ways_are_told_and_no_more() -> None:
    assert set(find_ways(20, [[10, 20], [20], [10]])) <= {(20, 0, 0), (0, 20, 0), (10, 0, 10)}
    assert len(find_ways(20, [[10, 20], [20], [10]])) == 2


def test_where_the_search_is_too_long_nothing_is_the_only_way() -> None:
    # Eight accounts with nine sums each: more ways to go than the limit, and only one that leads to the whole.
    choices = [[place * 10_000 + number for number in range(1, 10)] for place in range(1, 9)]
    whole = sum(max(each) for each in choices)
    assert find_ways(whole, choices) == (tuple(max(each) for each in choices),)
    assert WAYS_STEPS_MAX < 9**8
    assert len(find_ways(whole - 100_000, choices)) == 2
