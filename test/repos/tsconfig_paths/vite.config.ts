import paths from "vite-tsconfig-paths";

export default { plugins: [paths()] };
