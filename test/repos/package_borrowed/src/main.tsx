import { h } from "tiny-dom";
import "~icons/logo";
import "virtual:things";

h();
