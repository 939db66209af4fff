const API = "http://localhost:8000/api";

export const load = () => fetch(`${API}/items`);
