from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="TODO_")

    api_prefix: str = "/api"
    log_level: str = "info"
    page_size: int = 20


settings = Settings()
