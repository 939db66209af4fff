import { title } from "@/title";

document.title = title;
