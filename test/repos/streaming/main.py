from fastapi import FastAPI
from fastapi.responses import StreamingResponse

app = FastAPI()


@app.get("/health")
def health():
    return "ok"


@app.get("/events")
def events():
    return StreamingResponse(iter(["data: 1\n\n"]), media_type="text/event-stream")
