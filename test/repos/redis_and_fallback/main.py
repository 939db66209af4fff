import os

from fastapi import FastAPI
from redis.asyncio import ConnectionPool, Redis
from sqlmodel import create_engine


def database_url() -> str:
    given = os.getenv("DATABASE_URL", "")
    return given or "sqlite:///./data.db"


class Limits:
    PREFIX = "/v2"


pool = ConnectionPool(host=os.environ["REDIS_HOST"], port=6379)
cache = Redis(connection_pool=pool)
engine = create_engine(database_url())
app = FastAPI()


@app.get(Limits.PREFIX + "/live")
def live():
    return engine.name
