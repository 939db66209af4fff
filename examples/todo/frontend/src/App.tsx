import { type FormEvent, useEffect, useState } from "react";
import { type Todo, addTodo, health, listTodos, removeTodo, setDone } from "./api";
import { TodoList } from "./TodoList";

export function App() {
  const [todos, setTodos] = useState<Todo[]>([]);
  const [title, setTitle] = useState("");
  const [version, setVersion] = useState("");
  const [problem, setProblem] = useState("");

  /** Does `work`, then shows the list as the server has it; a failure becomes a sentence. */
  async function attempt(work?: () => Promise<unknown>) {
    try {
      await work?.();
      setTodos(await listTodos());
      setProblem("");
    } catch (error) {
      setProblem((error as Error).message);
    }
  }

  useEffect(() => {
    void attempt(async () => setVersion((await health()).version));
  }, []);

  function add(event: FormEvent) {
    event.preventDefault();
    const trimmed = title.trim();
    if (trimmed !== "") {
      setTitle("");
      void attempt(() => addTodo(trimmed));
    }
  }

  return (
    <main>
      <h1>Todo</h1>
      <form onSubmit={add}>
        <input
          aria-label="What is to be done?"
          placeholder="What is to be done?"
          maxLength={200}
          value={title}
          onChange={(event) => setTitle(event.target.value)}
        />
        <button type="submit">Add</button>
      </form>
      {problem !== "" && <p role="alert">{problem}</p>}
      <TodoList
        todos={todos}
        onToggle={(todo) => void attempt(() => setDone(todo.id, !todo.done))}
        onRemove={(todo) => void attempt(() => removeTodo(todo.id))}
      />
      <footer>{version !== "" && `back end ${version}`}</footer>
    </main>
  );
}
