/* Where Kindred is, and which addresses may be followed. */

/* The server that this script came from; none where it is part of a site's own bundle, or came from no address. */
export const HOME = findHome();

function findHome() {
  try {
    const { origin, protocol } = new URL(import.meta.url);
    return protocol.startsWith("http") ? origin : "";
  } catch {
    return ""; // such as a classic script that was put together at run time
  }
}

export const SECRET = "kindred_sk_"; // what a key begins with that may write
export const SECRET_SHOWN = "everybody can read the secret key on this page: revoke it";

export function safeAddress(address) {
  return /^https?:/i.test(address) ? address : "#";
}

export function originOf(address) {
  return URL.canParse?.(address) === false ? location.origin : new URL(address, location.href).origin;
}
