import os

from fastapi import FastAPI
from sqlalchemy import create_engine

engine = create_engine(os.getenv("DATABASE_URL", "sqlite:///./notes.db"))
app = FastAPI()


@app.get("/ping")
def ping():
    return engine.name
