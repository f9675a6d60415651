import { createSignal, For, Show } from "solid-js";
import { Basket } from "./Basket.jsx";
import Card, { Price } from "./Card.jsx";
import { Field, Panel } from "./form/Panel.jsx";

const PRODUCTS = [
  { name: "Kettle", price: 30, tags: ["steel", "1.7 l"] },
  { name: "Toaster", price: 45, tags: ["two slices"] },
  { name: "Grinder", price: 80, tags: [] },
];

const HTML = "<p>From <q>elsewhere</q></p>";
const isName = (text) => /^[A-Z]'?\w+$/.test(text);

function Logo() {
  return (
    <svg viewBox="0 0 10 10" width="20">
      <g>
        <circle cx="5" cy="5" r="4" />
        <path d="M1 1 L9 9" />
      </g>
    </svg>
  );
}

export function App() {
  const [count, setCount] = createSignal(1);
  const heading = <h2 class="title">Products</h2>;
  return (
    <>
      <header>
        <Logo />
        <nav aria-label="Main">
          <ul>
            <li><a href="#home">Home</a></li>
            <li><a href="#products">Products</a></li>
            <li><a href="#contact">Contact</a></li>
          </ul>
        </nav>
        <button type="button" onClick={() => setCount(count() + 1)}>Add <b>one</b></button>
      </header>
      <main>
        {heading}
        <section class="cards">
          <For each={PRODUCTS}>
            {(product) => (
              <Card title={product.name}>
                <Price amount={product.price} />
                <Show when={product.tags.length > 0} fallback={<em>no tags</em>}>
                  <ul>{product.tags.map((tag) => <li class="tag">{tag}</li>)}</ul>
                </Show>
              </Card>
            )}
          </For>
        </section>
        <table>
          <thead>
            <tr><th>Name</th><th>Price</th></tr>
          </thead>
          <tbody>
            <For each={PRODUCTS.filter(({ name }) => isName(name))}>
              {({ name, price }) => (
                <tr>
                  <td>{name}</td>
                  <td class="number">{price}</td>
                </tr>
              )}
            </For>
          </tbody>
        </table>
        <Basket count={count()} render={(text) => <strong>{text}</strong>} />
        <Panel
          title="Order"
          footer={<small>We answer <i>today</i></small>}
        >
          <Field label="Name"><input name="name" /></Field>
          <Field label="Country">
            <select name="country">
              <option>France</option>
              <option>Poland</option>
            </select>
          </Field>
          <p
            class="hint"
          >
            All fields are needed, don't forget
          </p>
        </Panel>
        <div innerHTML={HTML} />
      </main>
    </>
  );
}
