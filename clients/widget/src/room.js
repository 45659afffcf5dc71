/* Room that is kept for products, and given back once nobody is looking: else the page would move under their eyes. */

import { make } from "./make.js";

/* Have `render` change what is in `element`, and keep its height as long as what is below it is in view. */
export function keepHeight(element, render) {
  const { top, height } = element.getBoundingClientRect();
  render();
  if (top >= innerHeight || element.offsetHeight >= height) return;
  const room = make("div", { "aria-hidden": "true" });
  room.style.height = `${height - element.offsetHeight}px`;
  element.shadowRoot.append(room);
  const watcher = new IntersectionObserver(([seen]) => {
    if (seen.isIntersecting) return;
    watcher.disconnect();
    room.remove();
  });
  watcher.observe(element);
}
