export * from "./constant";
export { folders } from "./folders";
