import { Page } from "./page.js";
import { keptToken } from "./token.js";

new Page().enter(keptToken());
