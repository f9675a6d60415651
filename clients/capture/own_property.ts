/** What an element itself has under a name: a form gives out its fields under theirs, such as "id" (HTML §4.10.3). */
export function own<Name extends keyof Element>(element: Element, name: Name): Element[Name] {
  return Reflect.get(Element.prototype, name, element);
}
