export const client = (options: object) => fetch("/items", options);
