"""In how many ways an amount is what is open of some accounts, counted by hand."""

from pawledger.domain.payer_sums import WAYS_STEPS_MAX, find_ways, payable_sums
from tests.builders.account_books import build_account


def test_sums_are_each_invoice_and_the_oldest_together() -> None:
    # 10.00, 5.00, 2.50: each; 10 + 5; 10 + 5 + 2.50.
    assert set(payable_sums(build_account("AAAA", 1_000, 500, 250).open_invoices)) == {1_000, 500, 250, 1_500, 1_750}
    assert payable_sums(()) == {}


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
