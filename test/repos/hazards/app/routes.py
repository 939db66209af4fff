from fastapi import APIRouter, FastAPI

router = APIRouter()


@router.get("/items")
def items():
    return []


def add_versions(server: FastAPI, path: str):
    @server.get("/api/health")
    def health():
        return {"status": "ok", "path": path}


def add_routes(server: FastAPI):
    server.include_router(router, prefix="/api")
    add_versions(server, "/api")
