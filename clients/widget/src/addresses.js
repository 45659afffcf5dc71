/* Where Kindred is, and which addresses may be followed. */

/* The server that this script came from. A script that is part of a site's own bundle, or of no site, knows none. */
export const HOME = /^https?:/.test(import.meta.url) ? new URL(import.meta.url).origin : "";

export function safeAddress(address) {
  return /^https?:/i.test(address) ? address : "#";
}

export function originOf(address) {
  return URL.canParse?.(address) === false ? location.origin : new URL(address, location.href).origin;
}
