import { Children, createElement } from "react";
import * as kit from "../kit/node_modules/kit/kit.jsx";

const names = ["a", "b"];
const h = (tag, props, ...children) => createElement(tag, props, ...children);

function Wrapped({ children }) {
  return <div>{Children.map(children, (child) => <p>{child}</p>)}</div>;
}

export function App() {
  return (
    <main>
      <kit.Button>Save</kit.Button>
      <kit.List items={names} render={(name) => <li key={name}>{name}</li>} />
      <kit.Marked>
        <b>marked</b>
      </kit.Marked>
      <Wrapped><i>one</i><i>two</i></Wrapped>
      {h("em", null, "made")}
      <footer>End</footer>
    </main>
  );
}
