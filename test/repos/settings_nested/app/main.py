from pathlib import Path

import openai
from anthropic import Anthropic
from fastapi import FastAPI

from app.settings import exact, settings

Path(settings.logs.folder).mkdir(exist_ok=True)
local = openai.OpenAI(base_url="http://models.example", api_key="none")
app = FastAPI(title=exact.tenantName)


@app.get("/api/health")
def health():
    return {"status": "ok", "models": len(local.models.list().data)}


@app.get("/api/answer")
def answer():
    return Anthropic().messages.create(model="m", max_tokens=9, messages=[])
