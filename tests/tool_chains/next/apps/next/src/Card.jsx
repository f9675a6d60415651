export function Card({ title, children }) {
  return (
    <article>
      <h3>{title}</h3>
      <div className="body">{children}</div>
    </article>
  );
}
