export function Panel({ title, children, footer }) {
  return (
    <form>
      <fieldset>
        <legend>{title}</legend>
        {children}
      </fieldset>
      <footer>{footer}</footer>
    </form>
  );
}

export const Field = ({ label, children }) => {
  const text = <span>{label}</span>;
  return (
    <label>
      {text}
      {children}
    </label>
  );
};
