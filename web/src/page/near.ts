/** Tell a panel when it is near the window. Panels far away are not there: a page of a thousand opens like one of ten. */

const callbacks = new WeakMap<Element, (near: boolean) => void>();
let observer: IntersectionObserver | null = null;

export function near(node: Element, callback: (near: boolean) => void) {
  observer ??= new IntersectionObserver(
    (entries) => {
      for (const entry of entries) callbacks.get(entry.target)?.(entry.isIntersecting);
    },
    { root: document.getElementById("main"), rootMargin: "480px 0px" },
  );
  callbacks.set(node, callback);
  observer.observe(node);
  return {
    destroy() {
      observer?.unobserve(node);
      callbacks.delete(node);
    },
  };
}
