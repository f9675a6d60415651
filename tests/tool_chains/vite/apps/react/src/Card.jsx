import { forwardRef, memo } from "react";

const Card = forwardRef(function Card({ title, children }, ref) {
  return (
    <article ref={ref}>
      <h3>{title}</h3>
      <div className="body">{children}</div>
    </article>
  );
});

export default Card;

export const Price = memo(({ amount }) => (
  <p className="price"><span>{amount}</span> <abbr title="Euro">EUR</abbr></p>
));
