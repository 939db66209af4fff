from fastapi import FastAPI

from backend.words import WORD
from shared.settings import TOKEN

app = FastAPI()


@app.get("/api/health")
def health():
    return {"word": WORD, "token": bool(TOKEN)}
