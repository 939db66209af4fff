from pathlib import Path

from pydantic_settings import BaseSettings, SettingsConfigDict

BASE = Path(__file__).parent


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_file="defaults.env")
    title: str = "x"
    page_size: int = 10


class Mail(BaseSettings):
    model_config = SettingsConfigDict(env_file=BASE / ".env", env_prefix="MAIL_")
    host: str = ""


class Loose(BaseSettings):
    model_config = SettingsConfigDict(env_file="defaults.env", extra="ignore")
    colour: str = "red"


settings = Settings()
mail = Mail()
loose = Loose()
