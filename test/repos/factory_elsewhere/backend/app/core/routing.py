from fastapi import APIRouter, FastAPI

from app import letters as letters_module


def make_status_router() -> APIRouter:
    router = APIRouter(prefix="/internal")

    @router.get("/healthz")
    def healthz():
        return "ok"

    return router


def add_routers(app: FastAPI, prefix: str = "/mail"):
    app.include_router(letters_module.router, prefix=prefix)
