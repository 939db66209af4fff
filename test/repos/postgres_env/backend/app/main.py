from fastapi import FastAPI

from app.db import engine

app = FastAPI()


@app.get("/api/health")
def health():
    return {"status": "ok"}


@app.get("/api/items")
def items():
    return [engine.name]
