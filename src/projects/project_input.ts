import { requiredText } from "../graphql/text_input.ts";

/** The name of a project. */
export const projectNameSchema = requiredText(200);
