import os
from typing import TYPE_CHECKING

import greenlet
from fastapi import FastAPI, UploadFile
from google.cloud import storage
from house import rules
from sqlalchemy.ext.asyncio import create_async_engine
from starlette.requests import Request

try:
    import orjson
except ImportError:
    orjson = None
if TYPE_CHECKING:
    import pandas

type Names = list[str]

address = os.environ["DATABASE_URL"] if "DATABASE_URL" in os.environ else "sqlite+aiosqlite://"
engine = create_async_engine(address)
app = FastAPI()


@app.get("/api/health")
def health():
    return {"status": "ok", "thread": str(greenlet.getcurrent())}


@app.post("/api/files")
def upload(file: UploadFile, request: Request):
    import langchain_ollama

    storage.Client().bucket("b").blob(file.filename).upload_from_file(file.file)
    return {"by": rules.__name__, "with": langchain_ollama.__name__}
