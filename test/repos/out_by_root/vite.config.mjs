import path from "path";

const dirname = import.meta.dirname;

export default () => ({
  root: "app",
  build: { outDir: path.join(dirname, "public", "site") },
});
