import Link from "next/link";
import { Basket } from "./Basket.jsx";
import { Card } from "./Card.jsx";
import { Field, Panel } from "./Panel.jsx";

const PRODUCTS = [
  { name: "Kettle", price: 30, tags: ["steel", "1.7 l"] },
  { name: "Toaster", price: 45, tags: ["two slices"] },
  { name: "Grinder", price: 80, tags: [] },
];

async function Terms() {
  await Promise.resolve();
  return (
    <dl>
      <dt>Delivery</dt>
      <dd>Two days</dd>
    </dl>
  );
}

export async function Page() {
  const heading = <h2 className="title">Products</h2>;
  return (
    <>
      <header>
        <svg viewBox="0 0 10 10" width="20">
          <g>
            <circle cx="5" cy="5" r="4" />
            <path d="M1 1 L9 9" />
          </g>
        </svg>
        <nav aria-label="Main">
          <ul>
            <li><a href="#home">Home</a></li>
            <li><a href="#products">Products</a></li>
            <li><Link href="/">Contact</Link></li>
          </ul>
        </nav>
      </header>
      <main>
        {heading}
        <section className="cards">
          {PRODUCTS.map((product) => (
            <Card key={product.name} title={product.name}>
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
                <td className="number">{price}</td>
              </tr>
            ))}
          </tbody>
        </table>
        <Basket start={1}><strong>In the basket</strong></Basket>
        <Terms />
        <Panel title="Order" note={<small>We answer <i>today</i></small>}>
          <Field label="Name"><input name="name" /></Field>
          <p
            className="hint"
          >
            All fields are needed
          </p>
        </Panel>
      </main>
      <footer>End</footer>
    </>
  );
}
