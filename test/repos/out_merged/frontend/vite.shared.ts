import type { UserConfig } from "vite";

export default { base: "./", build: { outDir: "build", assetsDir: "a" } } satisfies UserConfig;
