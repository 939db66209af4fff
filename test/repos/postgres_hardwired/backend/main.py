from fastapi import FastAPI

from database import engine

app = FastAPI()


@app.get("/api/health")
def health():
    return {"status": "ok"}


@app.get("/api/items")
def items():
    return [str(engine.url.database)]
