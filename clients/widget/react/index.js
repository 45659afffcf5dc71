"use client";
/* <KindredSimilar>: the element as a component of React 18 and 19. On a server it is the empty element; nothing here or in the
 * element's own script needs a window to be imported. */

import { createElement, forwardRef, useEffect, useImperativeHandle, useRef, useState } from "react";

const EVENTS = { "kindred-loaded": "onLoaded", "kindred-click": "onClick", "kindred-cart": "onCart", "kindred-error": "onError" };
const HANDLERS = Object.values(EVENTS);

/* React 18 writes every property of a custom element as an attribute, React 19 some: texts alone mean the same to both. */
function readAttributes(props) {
  const attributes = {};
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false || HANDLERS.includes(name)) continue;
    attributes[nameAttribute(name)] = name === "style" ? value : writeValue(value);
  }
  return attributes;
}

/* `className` is `class` on a custom element; `skuFrom` is sku-from; data- and aria- are as they are. `key` is React's own word
 * in lower case alone, and HTML's in either. */
function nameAttribute(name) {
  if (name === "className") return "class";
  if (name === "apiKey") return "KEY";
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

function writeValue(value) {
  if (value === true) return "";
  return Array.isArray(value) ? JSON.stringify(value) : String(value);
}

export const KindredSimilar = forwardRef(function KindredSimilar({ renderItem, children, ...props }, ref) {
  const element = useRef(null);
  const latest = useRef(props);
  const [results, setResults] = useState([]);
  useImperativeHandle(ref, () => element.current, []);

  useEffect(() => {
    latest.current = props; // handlers may be new with each rendering, and listeners are not
  });

  useEffect(() => {
    const own = element.current;
    const showResults = () => setResults(own.recommendations?.results ?? []);
    const hear = (event) => {
      if (event.target !== own) return;
      if (event.type === "kindred-loaded" || event.type === "kindred-error") showResults();
      latest.current[EVENTS[event.type]]?.(event.detail, event);
    };
    for (const name of Object.keys(EVENTS)) own.addEventListener(name, hear);
    showResults(); // of a list that came before this
    import("../dist/kindred.js"); // here, so that a page which shows no list does not load it
    return () => {
      for (const name of Object.keys(EVENTS)) own.removeEventListener(name, hear);
    };
  }, []);

  const items = renderItem
    ? results.map((result, place) => createElement("div", { key: result.sku, slot: `kindred-${place + 1}` }, renderItem(result)))
    : null;
  return createElement("kindred-similar", { ...readAttributes(props), ref: element }, children, items);
});
