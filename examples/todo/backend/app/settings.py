"""What the environment may set."""

from typing import Literal

from pydantic_settings import BaseSettings


class Settings(BaseSettings):
    """Read from variables of the same names, in capitals."""

    log_level: Literal["debug", "info", "warning", "error"] = "info"
