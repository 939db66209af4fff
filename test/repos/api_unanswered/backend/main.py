from fastapi import FastAPI

app = FastAPI()


@app.get("/health")
def route_0():
    return {}


@app.get("/items")
def route_1():
    return {}
