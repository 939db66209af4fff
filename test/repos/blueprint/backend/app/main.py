from fastapi import FastAPI

from app import items
from app.settings import settings

app = FastAPI(title="Todo")
app.include_router(items.router, prefix=f"{settings.api_prefix}")


@app.get("/api/health")
async def health():
    return {"status": "ok"}
