import { Component } from "@angular/core";
import { CardComponent } from "./card";
import { PanelComponent } from "./panel";

@Component({
  selector: "shop-app",
  imports: [CardComponent, PanelComponent],
  templateUrl: "./app.html",
})
export class AppComponent {
  products = [
    { name: "Kettle", price: 30, tags: ["steel", "1.7 l"] },
    { name: "Toaster", price: 45, tags: ["two slices"] },
    { name: "Grinder", price: 80, tags: [] },
  ];
  html = "<p>From <q>elsewhere</q></p>";
}
