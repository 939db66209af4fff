"""The address of the database is put together from defaults of a developer's machine."""
from pydantic_settings import BaseSettings


class Settings(BaseSettings):
    pg_user: str = "postgres"
    pg_password: str = "password"
    pg_host: str = "localhost"
    pg_port: int = 5432

    @property
    def address(self) -> str:
        return f"postgresql+asyncpg://{self.pg_user}:{self.pg_password}@{self.pg_host}:{self.pg_port}/shop"


class MailSettings(BaseSettings):
    model_config = {"env_prefix": "A_MAIL_"}

    host: str = "smtp.example"


class CacheSettings(BaseSettings):
    model_config = {"env_prefix": "CACHE_"}

    host: str


settings = Settings()
mail_settings = MailSettings()
cache_settings = CacheSettings()
