import { Component } from "react";
import { createPortal } from "react-dom";

export class Basket extends Component {
  render() {
    const { count, render } = this.props;
    return (
      <aside>
        <p>{render(`${count} in the basket`)}</p>
        {createPortal(<div role="status"><span>{count}</span></div>, document.body)}
      </aside>
    );
  }
}
