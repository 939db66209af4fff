import { fileURLToPath, URL } from "node:url";
import { defineConfig, mergeConfig } from "vite";
import shared from "./vite.shared";

export default mergeConfig(
  shared,
  defineConfig({ build: { outDir: fileURLToPath(new URL("../static", import.meta.url)) } }),
);
