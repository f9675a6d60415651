export { Page as default } from "../src/Page.jsx";
