import { createSignal, For, Show } from "solid-js";
import { Dynamic } from "solid-js/web";
import { Box, wrap } from "./Box.jsx";

const names = ["a", "b"];

function Same() {
  return <p>same</p>;
}

export function App() {
  const [isOn] = createSignal(true);
  const late = <li>late</li>;
  return (
    <>
      <p>same</p>
      <p>same</p>
      <Same />
      <Show when={isOn()} fallback={<div><span>same</span></div>}>
        <div><span>same</span></div>
      </Show>
      <Dynamic component="p">same</Dynamic>
      <section>
        <For each={names}>{(name) => <b>{name}</b>}</For>
        {names.map((name) => <b>{name}</b>)}
        <b>a</b>
      </section>
      <Box><i>one</i></Box>
      <Box><i>one</i></Box>
      <ul>
        {wrap(<li>late</li>)}
        {late}
        <li><a href="#x">x</a></li>
        <li><a href="#x">x</a></li>
        {isOn() && <li><a href="#x">x</a></li>}
      </ul>
      <ol>
        <li>late</li>
      </ol>
      <div {...{ title: "rest" }}><u>u</u></div>
      <div title="rest"><u>u</u></div>
      <div class="given"><u>u</u></div>
      <div classList={{ given: true }}><u>u</u></div>
      <footer>End</footer>
    </>
  );
}
