import pytest

from sandbox.salesforce.ids import checksum, full_id, make_id

# Public examples of real ids.
REAL = ["001dM00003jU9GxQAK", "001dM00003jU9H0QAK", "005dM00000aYf0qQAC", "001dM00003kS2ndQAC"]


@pytest.mark.parametrize("record_id", REAL)
def test_the_checksum_of_real_ids(record_id: str) -> None:
    assert checksum(record_id[:15]) == record_id[15:]
    assert full_id(record_id[:15]) == full_id(record_id) == record_id


@pytest.mark.parametrize("given", ["", "001", "001dM00003jU9GxQAA", "001dM00003jU9G-", 5, None, "x" * 18])
def test_what_is_no_id(given: object) -> None:
    assert full_id(given) is None


def test_made_ids_are_well_formed_and_in_order() -> None:
    made = [make_id("00T", number) for number in (1, 9, 10, 35, 36, 61, 62, 100_000)]
    assert all(full_id(each) == each for each in made)
    assert sorted(made) == made
