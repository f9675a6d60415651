import { answerSourceQuestions } from "../clients/source/source_bridge.ts";

// Runs in the page's own world, where the frameworks keep what they know of an element.

answerSourceQuestions(window);
