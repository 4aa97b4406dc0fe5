"""The base of all models."""

from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel, ConfigDict

from mooring._generated.facts import SECRETS


class Model(BaseModel):
    """An answer of the API. Fields that this version does not know are kept in `model_extra`."""

    # An answer that does not fit can hold a secret: pydantic's errors show no input.
    model_config = ConfigDict(extra="allow", frozen=True, hide_input_in_errors=True)

    def __repr_args__(self) -> Iterable[tuple[str | None, Any]]:
        hidden = SECRETS.get(type(self).__name__, [])
        for name, value in super().__repr_args__():
            yield name, "…" if name in hidden else value
