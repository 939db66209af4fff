export const title = "x";
