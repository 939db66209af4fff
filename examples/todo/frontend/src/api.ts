/** The back end, on the page's own origin. Every call throws an Error with a sentence to show. */

export interface Todo {
  id: string;
  title: string;
  done: boolean;
}

export interface Health {
  status: string;
  version: string;
}

async function call<T>(method: string, path: string, body?: object): Promise<T> {
  const init: RequestInit = { method };
  if (body) {
    init.headers = { "content-type": "application/json" };
    init.body = JSON.stringify(body);
  }
  const answer = await fetch(`/api${path}`, init).catch(() => {
    throw new Error("The server cannot be reached.");
  });
  if (!answer.ok) {
    throw new Error(`The server answered ${answer.status}.`);
  }
  return (answer.status === 204 ? undefined : await answer.json()) as T;
}

export const health = () => call<Health>("GET", "/health");
export const listTodos = () => call<Todo[]>("GET", "/todos");
export const addTodo = (title: string) => call<Todo>("POST", "/todos", { title });
export const removeTodo = (id: string) => call<void>("DELETE", `/todos/${encodeURIComponent(id)}`);
export const setDone = (id: string, done: boolean) =>
  call<Todo>("PATCH", `/todos/${encodeURIComponent(id)}`, { done });
