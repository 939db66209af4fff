import path from "node:path";

export const folders = { source: () => path.resolve(process.cwd(), "src") };
