"""Parts that only some stacks have."""

from collections.abc import Iterable

import pulumi


def there(parts: Iterable[pulumi.Resource | None]) -> list[pulumi.Resource]:
    """Return the parts that this stack has."""
    return [part for part in parts if part is not None]
