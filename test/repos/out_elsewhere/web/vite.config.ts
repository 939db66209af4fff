import { defineConfig, loadEnv } from "vite";
import { folders, OUT } from "./build";

export default defineConfig(({ command, mode }) => {
  const env = loadEnv(mode, process.cwd());
  const isBuild = command === "build";

  return {
    base: env.VITE_PUBLIC_PATH || "/",
    resolve: { alias: { "@": folders.source() } },
    build: { outDir: isBuild ? OUT || "dist" : "tmp", assetsDir: `${mode}-files` },
  };
});
