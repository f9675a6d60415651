export { Page as default } from "../../truth/src/Page.jsx";
