export default function Card(props) {
  return (
    <article>
      <h3>{props.title}</h3>
      <div class="body">{props.children}</div>
    </article>
  );
}

export const Price = (props) => (
  <p class="price"><span>{props.amount}</span> <abbr title="Euro">EUR</abbr></p>
);
