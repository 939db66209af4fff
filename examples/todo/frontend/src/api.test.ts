import { afterEach, expect, test, vi } from "vitest";
import { addTodo, listTodos, removeTodo, setDone } from "./api";

function answer(status: number, body?: unknown) {
  const text = body === undefined ? null : JSON.stringify(body);
  const stub = vi.fn(async (_path: string, _init: RequestInit) => new Response(text, { status }));
  vi.stubGlobal("fetch", stub);
  return stub;
}

afterEach(() => vi.unstubAllGlobals());

test("calls go to /api on the page's own origin", async () => {
  const todos = [{ id: "1", title: "bread", done: false }];
  const fetched = answer(200, todos);
  expect(await listTodos()).toEqual(todos);
  expect(fetched).toHaveBeenCalledWith("/api/todos", { method: "GET" });
});

test("a new todo is sent as JSON", async () => {
  const fetched = answer(201, { id: "1", title: "grün ✓", done: false });
  await addTodo("grün ✓");
  expect(fetched).toHaveBeenCalledWith("/api/todos", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: '{"title":"grün ✓"}',
  });
});

test("a change names only what changes", async () => {
  const fetched = answer(200, { id: "a/b", title: "x", done: true });
  await setDone("a/b", true);
  expect(fetched.mock.calls[0]?.[0]).toBe("/api/todos/a%2Fb");
  expect(fetched.mock.calls[0]?.[1].body).toBe('{"done":true}');
});

test("an answer without a body is no error", async () => {
  answer(204);
  expect(await removeTodo("1")).toBeUndefined();
});

test("a failure is a sentence", async () => {
  answer(500, { detail: "out of order" });
  await expect(listTodos()).rejects.toThrow("The server answered 500.");
  vi.stubGlobal("fetch", async () => Promise.reject(new TypeError("refused")));
  await expect(listTodos()).rejects.toThrow("The server cannot be reached.");
});
