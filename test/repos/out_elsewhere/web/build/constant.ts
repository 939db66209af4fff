const name = "site";

export const OUT = `out/${name}`;
