"""What an operator can set, by environment variables that begin with HEROES_."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict


class SettingsError(Exception):
    """A setting cannot be used. The message names it and never shows its value, which may hold a password."""


class Settings(BaseSettings):
    """The settings and their defaults, which serve on this machine alone with an embedded SQLite file."""

    model_config = SettingsConfigDict(env_prefix="HEROES_", hide_input_in_errors=True, frozen=True)

    host: Annotated[str, Field(min_length=1, description="The address to listen on.")] = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535, description="The port to listen on; 0 takes a free one.")] = 8000
    database_url: Annotated[str, Field(description="Where the heroes are kept: sqlite:///FILE.")] = (
        "sqlite:///heroes.db"
    )
    workers: Annotated[int, Field(ge=1, le=1024, description="How many processes serve.")] = 1
    log_level: Annotated[
        Literal["critical", "error", "warning", "info", "debug"],
        BeforeValidator(str.lower),
        Field(description="The least level that is logged."),
    ] = "info"
    access_log: Annotated[bool, Field(description="Whether each request is logged, without its query.")] = False
    max_body_size: Annotated[int, Field(ge=1024, description="The largest request body that is taken, in bytes.")] = (
        64 * 1024
    )


def load_settings() -> Settings:
    """Reads the environment. Raises SettingsError."""
    try:
        return Settings()
    except ValidationError as error:
        faults = [f"HEROES_{'_'.join(str(part) for part in e['loc']).upper()}: {e['msg']}" for e in error.errors()]
        raise SettingsError("; ".join(faults)) from None
