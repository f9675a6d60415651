import { useState } from "react";
import { Basket } from "./Basket.jsx";
import Card, { Price } from "./Card.jsx";
import { Field, Panel } from "./form/Panel.jsx";

const PRODUCTS = [
  { name: "Kettle", price: 30, tags: ["steel", "1.7 l"] },
  { name: "Toaster", price: 45, tags: ["two slices"] },
  { name: "Grinder", price: 80, tags: [] },
];

const HTML = "<p>From <q>elsewhere</q></p>";

// Written once, outside of any component.
const LOGO = (
  <svg viewBox="0 0 10 10" width="20">
    <g>
      <circle cx="5" cy="5" r="4" />
      <path d="M1 1 L9 9" />
    </g>
  </svg>
);

function Cell({ children, ...rest }) {
  return <td {...rest}>{children}</td>;
}

export function App() {
  const [count, setCount] = useState(1);
  const heading = <h2 className="title">Products</h2>;
  return (
    <>
      <header>
        {LOGO}
        <nav aria-label="Main">
          <ul>
            <li><a href="#home">Home</a></li>
            <li><a href="#products">Products</a></li>
            <li><a href="#contact">Contact</a></li>
          </ul>
        </nav>
        <button type="button" onClick={() => setCount(count + 1)}>Add <b>one</b></button>
      </header>
      <main>
        {heading}
        <section className="cards">
          {PRODUCTS.map((product) => (
            <Card key={product.name} title={product.name}>
              <Price amount={product.price} />
              {product.tags.length > 0
                ? <ul>{product.tags.map((tag) => <li key={tag} className="tag">{tag}</li>)}</ul>
                : <em>no tags</em>}
            </Card>
          ))}
        </section>
        <table>
          <thead>
            <tr><th>Name</th><th>Price</th></tr>
          </thead>
          <tbody>
            {PRODUCTS.map(({ name, price }) => (
              <tr key={name}>
                <td>{name}</td>
                <Cell className="number">{price}</Cell>
              </tr>
            ))}
          </tbody>
        </table>
        <Basket count={count} render={(text) => <strong>{text}</strong>} />
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
            className="hint"
          >
            All fields are needed
          </p>
        </Panel>
        <div dangerouslySetInnerHTML={{ __html: HTML }} />
      </main>
    </>
  );
}
