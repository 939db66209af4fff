"""Two settings classes: one with nested models, one whose names are taken as they are written."""
from pydantic import BaseModel, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Mail(BaseModel):
    host: str
    port: int = 587
    login: SecretStr


class Logs(BaseModel):
    folder: str = "logs"


class Settings(BaseSettings):
    model_config = {"env_prefix": "SHOP_", "env_nested_delimiter": "__"}

    mail: Mail
    logs: Logs = Logs()
    backup: Mail | None = None
    origins: list[str]
    currency: str = "EUR"
    rate_key: str = Field(validation_alias="RATES_KEY")


class Exact(BaseSettings):
    model_config = SettingsConfigDict(case_sensitive=True)

    tenantName: str


settings = Settings()
exact = Exact()
