import { listenEarly } from "../clients/pointer/early_listeners.ts";

// Runs in each frame of a page on this machine before the page's own scripts, which would else hear first what is typed and clicked while one points.

listenEarly(window);
