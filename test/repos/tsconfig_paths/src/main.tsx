import { a } from "~/a";
import { b } from "@ui/b";

document.title = a + b;
