import os

import httpx
from fastapi import FastAPI
from pymongo import MongoClient

from app.settings import settings

NEEDED = ["MAIL_FROM", "MAIL_DOMAIN"]
OLD_NAMES = ("MAIL_SERVER_OLD",)

missing = [name for name in NEEDED if not os.getenv(name)]
if missing:
    raise RuntimeError(f"not set: {missing}")
for name in OLD_NAMES:
    if os.getenv(name):
        print(name, "is no longer read")
if not os.environ.get("PUBLIC_ADDRESS") or not os.environ.get("CONTACT"):
    raise SystemExit("say where this is")
assert os.getenv("TENANT")
try:
    LEGACY = os.environ["LEGACY_MODE"]
except KeyError:
    LEGACY = "off"

PAY_API_KEY = os.getenv("PAY_API_KEY")
MAP_API_KEY = os.getenv("MAP_API_KEY")

client = MongoClient(
    host=settings.mongo_host,
    port=settings.mongo_port,
    username=settings.mongo_username,
    password=settings.mongo_password,
)
app = FastAPI()


@app.get("/api/health")
def health():
    return {"status": "ok", "size": settings.page_size}


@app.post("/api/pay")
def pay():
    return httpx.post("https://pay.example/charge", headers={"key": PAY_API_KEY}).json()


@app.get("/api/map")
def show_map():
    if not MAP_API_KEY:
        return {"map": None}
    return httpx.get("https://map.example", headers={"key": MAP_API_KEY}).json()
