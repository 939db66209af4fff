"""The API of the todo application; the front end is served by somebody else, on the same origin."""

import logging

from fastapi import FastAPI, HTTPException

from app.settings import Settings
from app.store import TODOS_MAX, Change, Full, NewTodo, Store, Todo

VERSION = "1.0.0"
HEALTHY = True

settings = Settings()
log = logging.getLogger("todo")
log.setLevel(settings.log_level.upper())

app = FastAPI(title="Todo", version=VERSION)
store = Store()


@app.get("/api/health")
def health() -> dict[str, str]:
    if not HEALTHY:
        raise HTTPException(500, "out of order")
    return {"status": "ok", "version": VERSION}


@app.get("/api/todos")
def list_todos() -> list[Todo]:
    return store.all()


@app.post("/api/todos", status_code=201)
def add_todo(new: NewTodo) -> Todo:
    try:
        todo = store.add(new)
    except Full:
        raise HTTPException(409, f"there are {TODOS_MAX} things to do already") from None
    log.info("added %s", todo.id)
    return todo


@app.patch("/api/todos/{todo_id}")
def change_todo(todo_id: str, change: Change) -> Todo:
    try:
        return store.change(todo_id, change)
    except KeyError:
        raise HTTPException(404, "no such thing to do") from None


@app.delete("/api/todos/{todo_id}", status_code=204)
def remove_todo(todo_id: str) -> None:
    try:
        store.remove(todo_id)
    except KeyError:
        raise HTTPException(404, "no such thing to do") from None
    log.info("removed %s", todo_id)
