import { Component, input } from "@angular/core";

@Component({ selector: "shop-panel", templateUrl: "./panel.html" })
export class PanelComponent {
  title = input("");
}
