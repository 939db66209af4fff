import { renderToStaticMarkup } from "react-dom/server";
import { expect, test } from "vitest";
import { TodoList, remaining } from "./TodoList";

const todo = (id: string, done: boolean) => ({ id, title: `title ${id}`, done });
const nothing = () => {};

test.each([
  [[], "Nothing to do yet."],
  [[todo("1", false)], "1 of 1 left"],
  [[todo("1", true), todo("2", false), todo("3", false)], "2 of 3 left"],
  [[todo("1", true)], "All done."],
])("what remains of %j", (todos, text) => {
  expect(remaining(todos)).toBe(text);
});

test("a list shows every title, and which are done", () => {
  const todos = [todo("1", true), { ...todo("2", false), title: "<b>bold</b>" }];
  const html = renderToStaticMarkup(
    <TodoList todos={todos} onToggle={nothing} onRemove={nothing} />,
  );
  expect(html.match(/<li/g)).toHaveLength(2);
  expect(html).toMatch(/<li class="done"><label><input type="checkbox" checked=""/);
  expect(html).toContain("<span>title 1</span>");
  expect(html).toContain("&lt;b&gt;bold&lt;/b&gt;");
});
