"""The list of things to do, in the memory of this process."""

from uuid import uuid4

from pydantic import BaseModel, Field

TODOS_MAX = 500


class NewTodo(BaseModel):
    title: str = Field(min_length=1, max_length=200)


class Change(BaseModel):
    title: str | None = Field(default=None, min_length=1, max_length=200)
    done: bool | None = None


class Todo(BaseModel):
    id: str
    title: str
    done: bool = False


class Full(Exception):
    """The list holds TODOS_MAX entries."""


class Store:
    def __init__(self) -> None:
        self._todos: dict[str, Todo] = {}

    def all(self) -> list[Todo]:
        """Returns the entries in the order in which they were added."""
        return list(self._todos.values())

    def add(self, new: NewTodo) -> Todo:
        if len(self._todos) >= TODOS_MAX:
            raise Full
        todo = Todo(id=uuid4().hex, title=new.title)
        self._todos[todo.id] = todo
        return todo

    def change(self, todo_id: str, change: Change) -> Todo:
        """Changes what `change` names; raises KeyError when there is no such entry."""
        fields = change.model_dump(exclude_none=True)
        self._todos[todo_id] = self._todos[todo_id].model_copy(update=fields)
        return self._todos[todo_id]

    def remove(self, todo_id: str) -> None:
        """Raises KeyError when there is no such entry."""
        del self._todos[todo_id]
