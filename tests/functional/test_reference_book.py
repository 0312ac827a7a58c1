"""The reference book's promises, kept by the fake and by DynamoDB alike."""

from tests.functional.worlds import World


def test_a_reference_that_nobody_claimed_leads_nowhere(world: World) -> None:
    assert world.reference_book.find("mandate#1") is None


def test_the_first_claim_holds_and_every_later_one_learns_of_it(world: World) -> None:
    assert world.reference_book.claim("mandate#1", "HOME0001") == "HOME0001"
    assert world.reference_book.claim("mandate#1", "HOME0002") == "HOME0001"
    assert world.reference_book.find("mandate#1") == "HOME0001"


def test_a_repeated_claim_is_the_same_claim(world: World) -> None:
    assert world.reference_book.claim("route#p1", "SUSPENSE-07") == "SUSPENSE-07"
    assert world.reference_book.claim("route#p1", "SUSPENSE-07") == "SUSPENSE-07"


def test_references_that_differ_in_one_sign_are_two(world: World) -> None:
    world.reference_book.claim("mandate#A", "HOME0001")
    assert world.reference_book.find("mandate#a") is None
    assert world.reference_book.claim("mandate#a", "HOME0002") == "HOME0002"
