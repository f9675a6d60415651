export function Panel(props) {
  return (
    <form>
      <fieldset>
        <legend>{props.title}</legend>
        {props.children}
      </fieldset>
      <footer>{props.footer}</footer>
    </form>
  );
}

export const Field = (props) => {
  const text = <span>{props.label}</span>;
  return (
    <label>
      {text}
      {props.children}
    </label>
  );
};
