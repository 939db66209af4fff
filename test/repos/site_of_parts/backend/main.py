from fastapi import FastAPI

app = FastAPI()


@app.get("/api/health")
def route_0():
    return {}


@app.get("/api/items")
def route_1():
    return {}
