from fastapi import FastAPI

from tasks import queue

app = FastAPI()


@app.get("/api/health")
def health():
    return {"status": "ok"}


@app.get("/api/items")
def items():
    return [queue.main]
