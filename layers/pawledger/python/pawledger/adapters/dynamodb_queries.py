"""Reading and writing single rows, and reading many with a named limit."""

from collections.abc import Iterable, Iterator
from typing import TypeVar

from pynamodb.exceptions import DoesNotExist, PutError, PynamoDBException
from pynamodb.expressions.condition import Condition
from pynamodb.models import Model

from pawledger.adapters.errors import TooManyItemsError

_Model = TypeVar("_Model", bound=Model)
_Item = TypeVar("_Item")


def get_row(model: type[_Model], partition_key: str, sort_key: str | None = None, *, consistent: bool) -> _Model | None:
    """The row of a key, or None. Not consistent costs half and may be stale."""
    try:
        return model.get(partition_key, sort_key, consistent_read=consistent)
    except DoesNotExist:
        return None


def put_row(row: Model, condition: Condition) -> bool:
    """Write a row whole where the condition holds; False where it does not. Other refusals are raised."""
    try:
        row.save(condition=condition)
    except PutError as error:
        if not is_refused_by_condition(error):
            raise
        return False
    return True


def is_refused_by_condition(error: PynamoDBException) -> bool:
    """Whether a single write failed for its condition alone."""
    return error.cause_response_code == "ConditionalCheckFailedException"


def limit_items(items: Iterable[_Item], items_max: int, query: str) -> Iterator[_Item]:
    """The items as they come. Raises `TooManyItemsError` at the first one beyond the limit."""
    for count, item in enumerate(items, start=1):
        if count > items_max:
            raise TooManyItemsError(f"{query} yields more than {items_max} items")
        yield item
