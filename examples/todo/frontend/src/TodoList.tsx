import type { Todo } from "./api";

interface Props {
  todos: Todo[];
  onToggle: (todo: Todo) => void;
  onRemove: (todo: Todo) => void;
}

export function remaining(todos: Todo[]): string {
  const left = todos.filter((todo) => !todo.done).length;
  if (todos.length === 0) {
    return "Nothing to do yet.";
  }
  return left === 0 ? "All done." : `${left} of ${todos.length} left`;
}

export function TodoList({ todos, onToggle, onRemove }: Props) {
  return (
    <>
      <ul>
        {todos.map((todo) => (
          <li key={todo.id} className={todo.done ? "done" : ""}>
            <label>
              <input type="checkbox" checked={todo.done} onChange={() => onToggle(todo)} />
              <span>{todo.title}</span>
            </label>
            <button type="button" aria-label={`Remove ${todo.title}`} onClick={() => onRemove(todo)}>
              ×
            </button>
          </li>
        ))}
      </ul>
      <p className="remaining">{remaining(todos)}</p>
    </>
  );
}
