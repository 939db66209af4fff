import os
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI

from app.core.routing import add_routers, make_status_router


def prepare() -> None:
    folder = Path(os.getenv("DATA_DIR", "data"))
    folder.mkdir(exist_ok=True)


@asynccontextmanager
async def lifespan(app: FastAPI):
    prepare()
    yield


def create_app() -> FastAPI:
    app = FastAPI(lifespan=lifespan, openapi_url=None)
    add_routers(app)
    app.include_router(make_status_router())
    return app
