const prefix = process.env.STATIC_URL;

export default { base: `${prefix}`, build: { manifest: true, rollupOptions: { input: "./src/main.tsx" } } };
