from fastapi import FastAPI
from pydantic import BaseModel

app = FastAPI()


class Note(BaseModel):
    text: str


@app.get("/api/health")
def health() -> Note:
    return Note(text="ok")
