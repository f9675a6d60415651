import type { Capture } from "../clients/browser/messages.ts";
import { askForComponent } from "../clients/source/source_bridge.ts";

type Component = NonNullable<Capture["component"]> | null;

/** What is known of the components behind elements: asked for once each, while they are hovered over. */
export function createComponents(): { of(element: Element): Promise<Component> } {
  const known = new WeakMap<Element, Promise<Component>>();
  return { of };

  function of(element: Element): Promise<Component> {
    const found = known.get(element) ?? askForComponent(element).then((component) => component ?? null);
    known.set(element, found);
    return found;
  }
}
