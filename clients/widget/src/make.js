/* Elements with their attributes. Text goes in as text: nothing that the API answers with is parsed as HTML. */

export function make(name, attributes = {}, ...content) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === "boolean") element.toggleAttribute(key, value);
    else if (value !== "" && value !== undefined) element.setAttribute(key, value);
  }
  element.append(...content);
  return element;
}
