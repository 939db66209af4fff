import pytest
from fastapi.testclient import TestClient
from pydantic import ValidationError

from app import main
from app.settings import Settings
from app.store import TODOS_MAX, Store


@pytest.fixture
def client(monkeypatch):
    monkeypatch.setattr(main, "store", Store())
    return TestClient(main.app)


def add(client, title="buy bread"):
    answer = client.post("/api/todos", json={"title": title})
    assert answer.status_code == 201
    return answer.json()


def test_health_tells_the_version(client):
    answer = client.get("/api/health")
    assert answer.status_code == 200
    assert answer.json() == {"status": "ok", "version": main.VERSION}


def test_health_can_be_broken_on_purpose(client, monkeypatch):
    monkeypatch.setattr(main, "HEALTHY", False)
    assert client.get("/api/health").status_code == 500


def test_a_list_starts_empty_and_keeps_its_order(client):
    assert client.get("/api/todos").json() == []
    added = [add(client, title) for title in ("one", "zwei", "три")]
    assert client.get("/api/todos").json() == added
    assert added[0] == {"id": added[0]["id"], "title": "one", "done": False}


def test_a_todo_is_changed_field_by_field(client):
    todo = add(client)
    path = f"/api/todos/{todo['id']}"
    assert client.patch(path, json={"done": True}).json() == {**todo, "done": True}
    changed = client.patch(path, json={"title": "buy butter"}).json()
    assert changed == {**todo, "title": "buy butter", "done": True}
    assert client.patch(path, json={"done": False}).json()["done"] is False
    assert client.get("/api/todos").json() == [{**changed, "done": False}]


def test_a_todo_is_removed_once(client):
    path = f"/api/todos/{add(client)['id']}"
    answer = client.delete(path)
    assert (answer.status_code, answer.content) == (204, b"")
    assert client.get("/api/todos").json() == []
    assert client.delete(path).status_code == 404


def test_what_is_not_there_cannot_be_changed(client):
    assert client.patch("/api/todos/none", json={"done": True}).status_code == 404


@pytest.mark.parametrize("body", [{}, {"title": ""}, {"title": "x" * 201}, {"title": None}])
def test_a_title_has_one_to_200_characters(client, body):
    assert client.post("/api/todos", json=body).status_code == 422


def test_the_list_has_an_end(client):
    for _ in range(TODOS_MAX):
        add(client)
    assert client.post("/api/todos", json={"title": "one more"}).status_code == 409


def test_the_log_level_comes_from_the_environment(monkeypatch):
    monkeypatch.delenv("LOG_LEVEL", raising=False)
    assert Settings().log_level == "info"
    monkeypatch.setenv("LOG_LEVEL", "debug")
    assert Settings().log_level == "debug"
    monkeypatch.setenv("LOG_LEVEL", "loud")
    with pytest.raises(ValidationError):
        Settings()
