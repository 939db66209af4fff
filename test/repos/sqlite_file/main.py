import os

from fastapi import FastAPI
from sqlalchemy import create_engine

os.makedirs("uploads", exist_ok=True)
os.makedirs("/tmp/cache", exist_ok=True)
engine = create_engine("sqlite:///./notes.db", connect_args={"check_same_thread": False})
app = FastAPI()


@app.get("/ping")
def ping():
    return engine.name
