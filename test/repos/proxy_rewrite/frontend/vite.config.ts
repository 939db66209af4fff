import { defineConfig } from "vite";

export default defineConfig(() => ({
  build: { outDir: "../site", assetsDir: "files" },
  server: {
    proxy: {
      "/api": { target: "http://localhost:8000", rewrite: (path) => path.replace(/^\/api/, "") },
    },
  },
}));
