import { css } from "../styled/css";

document.title = css;
