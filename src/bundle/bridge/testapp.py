"""The applications that the tests serve twice: by uvicorn and by the bridge."""

import asyncio
import gzip
import hashlib
import json
from contextlib import asynccontextmanager

from fastapi import BackgroundTasks, FastAPI, HTTPException, Request, Response
from fastapi.responses import RedirectResponse, StreamingResponse

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"]
ALL_BYTES = bytes(range(256))
done_after_the_answer = []


@asynccontextmanager
async def lifespan(app):
    yield {"greeting": "started once"}


app = FastAPI(lifespan=lifespan)


# Not in the schema: it would list the methods in another order in each process.
@app.api_route("/api/echo", methods=METHODS, include_in_schema=False)
@app.api_route("/api/echo/{rest:path}", methods=METHODS, include_in_schema=False)
async def echo(request: Request):
    body = await request.body()
    headers = {name: request.headers.getlist(name) for name in set(request.headers)}
    return {
        "method": request.method,
        "path": request.scope["path"],
        "root_path": request.scope["root_path"],
        "query": request.scope["query_string"].decode("latin-1"),
        "params": request.query_params.multi_items(),
        "cookies": request.cookies,
        "headers": {name: ",".join(values) for name, values in sorted(headers.items())},
        "http_version": request.scope["http_version"],
        "asgi": request.scope["asgi"],
        "keys": sorted(request.scope),
        "length": len(body),
        "sha256": hashlib.sha256(body).hexdigest(),
    }


@app.get("/api/raw-path/{rest:path}")
async def raw_path(request: Request):
    return request.scope["raw_path"].decode()


@app.get("/api/items/{name}")
def item(name: str, q: int = 0):
    return {"name": name, "q": q}


@app.get("/api/state")
async def state(request: Request):
    return request.state.greeting


@app.post("/api/upload")
async def upload(request: Request):
    return Response(await request.body(), media_type="application/octet-stream")


@app.post("/api/text")
async def text(request: Request):
    return Response(await request.body(), media_type=request.headers["content-type"])


@app.post("/api/json")
async def read_json(body: dict):
    return body


@app.get("/api/cookies")
def cookies(response: Response):
    response.set_cookie("session", "a b;c", max_age=60, httponly=True, samesite="strict")
    response.set_cookie("theme", "dark", expires="Wed, 21 Oct 2026 07:28:00 GMT")
    response.delete_cookie("old")
    return "set"


@app.get("/api/bytes/{count}")
def some_bytes(count: int):
    return Response((ALL_BYTES * (count // 256 + 1))[:count], media_type="image/png")


@app.get("/api/typed")
def typed(type: str, body: str = "grün, ✓"):
    return Response(body.encode(), headers={"content-type": type})


@app.get("/api/latin1")
def latin1():
    return Response("grün".encode("latin-1"), headers={"content-type": "text/plain"})


@app.get("/api/gzip")
def gzipped():
    body = gzip.compress(json.dumps({"ok": True}).encode(), mtime=0)
    return Response(body, headers={"content-encoding": "gzip"}, media_type="application/json")


@app.get("/api/stream")
async def stream(kind: str = "text/plain"):
    async def parts():
        for number in range(5):
            yield f"part {number} ✓\n".encode()
            await asyncio.sleep(0)

    return StreamingResponse(parts(), media_type=kind)


@app.get("/api/stream-cut")
def stream_cut():
    character = "✓".encode()  # one character in three messages
    return StreamingResponse((character[i : i + 1] for i in range(3)), media_type="text/plain")


@app.get("/api/stream-bytes")
def stream_bytes():
    return StreamingResponse((ALL_BYTES for _ in range(40)), media_type="application/zip")


@app.api_route("/api/status/{code}", methods=["GET", "HEAD"], include_in_schema=False)
def status(code: int):
    return Response(status_code=code)


@app.get("/api/not-modified")
def not_modified():
    return Response(status_code=304, headers={"etag": '"1"', "cache-control": "max-age=5"})


@app.head("/api/head")
@app.get("/api/head")
def head():
    return {"some": "body"}


@app.get("/api/redirect")
def redirect(to: str):
    return RedirectResponse(to)


@app.get("/api/slash/")
def slash():
    return "slash"


@app.get("/api/repeated")
def repeated():
    response = Response("x", media_type="text/plain")
    response.headers.append("link", "</a>; rel=next")
    response.headers.append("Link", "</b>; rel=prev")
    response.headers["X-Mixed-Case"] = "kept Value"
    return response


@app.get("/api/background")
def background(tasks: BackgroundTasks):
    tasks.add_task(done_after_the_answer.append, "done")
    return len(done_after_the_answer)


@app.get("/api/http-error")
def http_error():
    raise HTTPException(418, "short and stout", headers={"x-tea": "yes"})


@app.get("/api/boom")
def boom():
    raise ValueError("boom")


sub = FastAPI()
app.mount("/api/sub", sub)


@sub.get("/where/{name}")
def where(name: str, request: Request):
    return {"name": name, "root_path": request.scope["root_path"]}


rooted = FastAPI()  # its routes do not carry the prefix /api
rooted.mount("/sub", sub)


@rooted.get("/things/", name="things")
def things(request: Request):
    return {
        "path": request.scope["path"],
        "raw_path": request.scope["raw_path"].decode(),
        "root_path": request.scope["root_path"],
        "link": request.url_for("things").path,
    }
