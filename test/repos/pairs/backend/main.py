from fastapi import FastAPI

app = FastAPI()


@app.get("/api/one")
def one():
    return 1


@app.get("/api/two")
def two():
    return 2
