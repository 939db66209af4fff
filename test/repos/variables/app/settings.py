"""A settings class: one default is everybody's, the database is on this machine, the cache is nowhere used."""
from pydantic_settings import BaseSettings


class Settings(BaseSettings):
    session_key: str = "change-me"
    mongo_host: str = "db"
    mongo_port: int = 27017
    mongo_username: str = "dummy"
    mongo_password: str = "dummy"
    mongo_database: str = "test"
    cache_redis_url: str = "redis://localhost:6379/0"
    page_size: int = 20


settings = Settings()
