export function Box(props) {
  return <div>{props.children}<i>one</i></div>;
}

export const wrap = (item) => <li>late {item}</li>;
