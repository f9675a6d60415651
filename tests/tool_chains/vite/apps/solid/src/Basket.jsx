import { Portal } from "solid-js/web";

export function Basket(props) {
  return (
    <aside>
      <p>{props.render(`${props.count} in the basket`)}</p>
      <Portal><div role="status"><span>{props.count}</span></div></Portal>
    </aside>
  );
}
