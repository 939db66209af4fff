import { join } from "@/lib/join";
import type { Gone } from "./gone";
// import { old } from "./old";

export const Button = (names: Gone[]) => join(names);
export const sample = `
import { demo } from "./demo";
`;
