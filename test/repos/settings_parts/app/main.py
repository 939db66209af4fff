"""Made by a factory that wants arguments: nobody can start it, but its object can be started."""
from fastapi import FastAPI
from redis import Redis
from sqlalchemy.ext.asyncio import create_async_engine

from app.settings import cache_settings, settings

engine = create_async_engine(settings.address)
cache = Redis(host=cache_settings.host)


def make(title: str) -> FastAPI:
    made = FastAPI(title=title)

    @made.get("/api/health")
    def health():
        return {"status": "ok"}

    return made


app = make("shop")
