"use client";

export function Panel({ title, children, note }) {
  return (
    <form>
      <fieldset>
        <legend>{title}</legend>
        {children}
      </fieldset>
      <div>{note}</div>
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
