/* When a widget comes near to what is being looked at. What is in no layout, behind closed details, invisible or in a tab
 * in the background, is near to nothing. */

const MARGIN = "400px"; // about as far as a thumb scrolls while an answer is on its way
const AGAIN_MS = 500;
const waiting = new Map();
let watcher;

export function whenNear(element, callback) {
  forgetNear(element);
  watcher ??= start();
  waiting.set(element, callback);
  watcher.observe(element);
}

export function forgetNear(element) {
  if (waiting.delete(element)) watcher.unobserve(element);
}

/* Nothing tells when this changes, as it does where a drawer opens: it has to be looked at again. */
export function isVisible(element, checkOpacity = false) {
  return element.checkVisibility?.({ checkVisibilityCSS: true, checkOpacity }) ?? true;
}

/* One for all widgets: those that come near together are told together, and share a request. */
function start() {
  document.addEventListener("visibilitychange", () => {
    for (const [element, callback] of [...waiting]) whenNear(element, callback); // to be told anew
  });
  return new IntersectionObserver(
    (entries) => {
      if (document.visibilityState === "hidden") return;
      for (const { target, isIntersecting } of entries) {
        const callback = isIntersecting && waiting.get(target);
        if (!callback) continue;
        if (isVisible(target)) {
          forgetNear(target);
          callback();
        } else setTimeout(() => waiting.get(target) === callback && whenNear(target, callback), AGAIN_MS);
      }
    },
    { rootMargin: MARGIN },
  );
}
