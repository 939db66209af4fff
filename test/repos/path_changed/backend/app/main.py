import sys
from pathlib import Path

from fastapi import FastAPI

from app.words import MORE, WORD

sys.path.append(str(Path(__file__).resolve().parents[2]))
from shared.settings import TOKEN  # noqa: E402

app = FastAPI()


@app.get("/api/health")
def health():
    return {"word": WORD + MORE, "token": bool(TOKEN)}
