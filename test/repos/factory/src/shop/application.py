from fastapi import FastAPI

from .routers import orders


def create_app(debug: bool = False) -> FastAPI:
    application = FastAPI(debug=debug)
    application.include_router(orders.router, prefix="/v1")

    @application.get("/healthz")
    def healthz():
        return "ok"

    return application
