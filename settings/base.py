"""What every settings model has in common."""

from pydantic import BaseModel, ConfigDict


class Settings(BaseModel):
    """A frozen group of settings that refuses keys it does not know and values of the wrong type."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True)
