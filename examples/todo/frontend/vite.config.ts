import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// base `/` and assets in `assets/` are Vite's defaults; the deployment counts on both.
export default defineConfig({
  plugins: [react()],
  server: { proxy: { "/api": "http://127.0.0.1:8000" } },
});
