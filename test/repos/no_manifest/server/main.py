import httpx
import yaml
from fastapi import FastAPI, Form

from server import texts

app = FastAPI()


@app.get("/api/health")
def health():
    return yaml.safe_load(texts.STATUS)


@app.post("/api/notes")
def note(text: str = Form()):
    import numpy

    return {"length": numpy.size(text), "at": httpx.get("https://time.example").text}
