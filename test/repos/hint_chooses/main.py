from fastapi import FastAPI

app = FastAPI()


@app.get("/api/health")
def health():
    return {"ok": True}


@app.get("/api/orders")
def orders():
    return []
