import { Component, input } from "@angular/core";

@Component({ selector: "shop-card", templateUrl: "./card.html" })
export class CardComponent {
  title = input("");
}
