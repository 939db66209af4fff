const base = import.meta.env.VITE_API_URL;
const title = import.meta.env.VITE_TITLE ?? "Todo";

export const load = () => fetch(`${base}/api/items?t=${title}`);
