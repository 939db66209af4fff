import { routeTree } from "./routeTree.gen";

export const load = () => fetch("/api/items", routeTree);
