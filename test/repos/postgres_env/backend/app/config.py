import secrets
from functools import lru_cache

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings


class Settings(BaseSettings):
    database_url: str
    secret_key: str = Field(default_factory=lambda: secrets.token_urlsafe(32))
    session_key: str = secrets.token_hex(16)
    mail_password: SecretStr | None = None
    support_address: str = "help@example.org"


@lru_cache
def get_settings() -> Settings:
    return Settings()
