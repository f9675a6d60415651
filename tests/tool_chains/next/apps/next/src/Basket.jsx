"use client";

import { useState } from "react";

export function Basket({ start, children }) {
  const [count, setCount] = useState(start);
  return (
    <aside>
      <p>{children}</p>
      <button type="button" onClick={() => setCount(count + 1)}>
        Add <b>one</b>
      </button>
      <div role="status"><span>{count}</span></div>
    </aside>
  );
}
