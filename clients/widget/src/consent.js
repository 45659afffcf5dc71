/* Whether the visitor agrees to be counted. Until then nothing is stored and nothing sent; Global Privacy Control means no. */

const PERSONAL = "personalisation";
const SESSION = "kindred-session";
const listeners = new Set();
let heard; // what an element's consent="..." said last
let spoken = null; // by grant() and withdraw()
let asked; // what the page has set as `kindred.consent`
let granted = ""; // "analytics": being counted, and no more; "personalisation"
let turns = 0; // questions so far
let decided = 0; // the newest of them that is answered, or has been overtaken
let forgotten = 0; // how often what was pending had to go
let session = ""; // for browsers that keep nothing

/* To what: empty without consent. */
export function isGranted() {
  return granted;
}

export function isPersonal() {
  return granted === PERSONAL;
}

export function onConsentChange(listener) {
  listeners.add(listener);
}

/* Ask, and call back with the answer: at once, unless the page's function takes its time. */
export function whenDecided(callback = () => {}) {
  const turn = ++turns;
  const before = forgotten;
  const decide = (said) => {
    const yes = before === forgotten ? readLevel(said) : ""; // a late yes brings back nothing that was withdrawn meanwhile
    if (turn > decided) {
      decided = turn;
      apply(yes);
    }
    callback(yes && granted);
  };
  const said = readDecision();
  if (typeof said?.then === "function") said.then(decide, () => decide(false));
  else decide(said);
}

/* There is something newer to go by: no answer to an earlier question counts any more. */
export function decideAgain() {
  decided = turns;
  whenDecided();
}

function readDecision() {
  if (navigator.globalPrivacyControl) return false;
  if (spoken !== null) return spoken;
  if (asked === undefined) return heard;
  try {
    return typeof asked === "function" ? asked() : asked;
  } catch (error) {
    console.error(`kindred.consent failed, which counts as no: ${error}`);
    return false;
  }
}

function readLevel(said) {
  if (said === true || said === "granted") return PERSONAL;
  return said === "analytics" ? said : "";
}

function apply(yes) {
  if (yes === granted) return;
  if (!yes || isPersonal()) forgetStored();
  granted = yes;
  for (const listener of listeners) listener(yes);
}

export function getAsked() {
  return asked;
}

export function setAsked(value) {
  asked = value ?? undefined;
  spoken = null; // the page has something newer to say
  decideAgain();
}

export function speak(yes) {
  spoken = yes;
  if (!yes) forgetStored();
  decideAgain();
}

/* `value` is what an element's attribute has come to be. An element that leaves the page takes nothing back. */
export function hearElement(value) {
  heard = value;
  decideAgain();
}

export function readSession(makeId) {
  session = recall(SESSION) || session || makeId();
  remember(SESSION, session);
  return session;
}

/* What is kept for the visit, with consent alone: null where there is nothing, or no place to keep it. */
export function recall(name) {
  try {
    return granted ? sessionStorage.getItem(name) : null;
  } catch {
    return null;
  }
}

export function remember(name, value) {
  if (!granted) return;
  try {
    if (value === null) sessionStorage.removeItem(name);
    else sessionStorage.setItem(name, value);
  } catch {} // as above
}

function forgetStored() {
  session = "";
  forgotten += 1;
  try {
    for (const name of Object.keys(sessionStorage)) if (name.startsWith("kindred-")) sessionStorage.removeItem(name);
  } catch {} // as above
}
