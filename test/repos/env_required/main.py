import os

from fastapi import FastAPI

GREETING = os.environ["GREETING"]
API_TOKEN = os.getenv("API_TOKEN")
LIMIT = int(os.getenv("LIMIT", "20"))
REGION = os.environ.get("SHOP_REGION") or "north"
if not API_TOKEN:
    raise RuntimeError("API_TOKEN is not set")

app = FastAPI()


@app.get("/health")
def health():
    return {"greeting": GREETING, "note": os.getenv("OPTIONAL_NOTE")}


if __name__ == "__main__":
    import uvicorn

    uvicorn.run(app, port=int(os.environ["DEV_PORT"]))
