/** Makes and finds elements, with types. Text always goes in as text, never as markup. */

/**
 * Make an element; an attribute that is true stands without a value, false leaves it out.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, string | boolean>} [attributes]
 * @param {(Node | string)[]} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children);
  return element;
}

/**
 * Find an element of the page that must be there.
 * @template {HTMLElement} T
 * @param {string} id
 * @param {new () => T} type
 * @returns {T}
 */
export function byId(id, type) {
  const found = document.getElementById(id);
  if (!(found instanceof type)) throw new TypeError(`the page has no #${id} of its kind`);
  return found;
}

/**
 * Make a link that opens elsewhere and tells nobody where it was clicked.
 * @param {string} href a web address that was checked
 * @param {Record<string, string>} attributes
 * @param {(Node | string)[]} children
 */
export function outsideLink(href, attributes, ...children) {
  const safe = { href, target: "_blank", rel: "noopener noreferrer", ...attributes };
  return el("a", safe, ...children);
}
