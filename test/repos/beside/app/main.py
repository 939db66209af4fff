"""What runs beside the requests, and what a function's role may not."""
import asyncio
import secrets
import threading
from contextlib import asynccontextmanager

import boto3
import jwt
from fastapi import FastAPI
from mangum import Mangum

from app.store import Base, engine

SIGNING_SECRET = secrets.token_hex(32)


async def sweep():
    while True:
        await asyncio.sleep(60)


async def warm_up():
    for _ in range(3):
        await asyncio.sleep(0)


@asynccontextmanager
async def lifespan(app: FastAPI):
    Base.metadata.create_all(bind=engine)
    asyncio.create_task(warm_up())
    asyncio.create_task(sweep())
    yield


app = FastAPI(lifespan=lifespan)
handler = Mangum(app)


@app.get("/api/health")
def health():
    return {"status": "ok"}


@app.post("/api/report")
def report():
    threading.Thread(target=sweep)
    boto3.client("s3").put_object(Bucket="b", Key="k", Body=b"")
    return {"token": jwt.encode({}, SIGNING_SECRET)}
