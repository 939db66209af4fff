const base = import.meta.env.VITE_API_URL;

export const load = () => fetch(`${base}/api/items`);
