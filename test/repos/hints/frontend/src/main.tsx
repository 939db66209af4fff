export const load = () => fetch("/api/items");
