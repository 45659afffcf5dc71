/* Lists asked of Kindred. Widgets that ask at once are one request, by GET, which browsers and CDNs keep and compare by ETag. */

import { originOf } from "./addresses.js";
import { readSession } from "./consent.js";
import { makeId } from "./events.js";

const PATIENCE_MS = 10_000; // then the page is better off without a list
const MOST_PLACEMENTS = 20; // of one request
const LONGEST_ADDRESS = 3_000; // characters; servers and proxies take 4,000 and more
const groups = new Map();

/* Return a promise of the list that `wish` asks for: {api, key, language, anchors, query}. */
export function askList(wish) {
  if (wish.asked) return askForVisitor(wish);
  return new Promise((resolve, reject) => {
    const name = [wish.api, wish.key, wish.language].join("\n");
    if (!groups.has(name)) {
      groups.set(name, []);
      queueMicrotask(() => {
        const asked = groups.get(name);
        groups.delete(name);
        splitGroup(asked).forEach(send);
      });
    }
    groups.get(name).push({ wish, resolve, reject });
  });
}

function splitGroup(asked) {
  const parts = [];
  let length = Infinity;
  for (const one of asked) {
    const more = encodeURIComponent(writePlacement(one.wish)).length + 11;
    if (length + more > LONGEST_ADDRESS || parts.at(-1).length === MOST_PLACEMENTS) {
      parts.push([]);
      length = one.wish.api.length + 30;
    }
    length += more;
    parts.at(-1).push(one);
  }
  return parts;
}

async function send(asked) {
  const [{ wish }] = asked;
  const isAlone = asked.length === 1 && wish.anchors.length === 1;
  try {
    const answer = await getJson(isAlone ? addressOfOne(wish) : addressOfSeveral(asked), wish);
    const placements = isAlone ? [{ list: answer }] : (answer.placements ?? []);
    asked.forEach(({ resolve, reject }, place) => {
      const { list, problem } = placements[place] ?? {};
      if (list?.results) resolve(list);
      else reject(describeProblem(problem?.status, problem));
    });
  } catch (error) {
    for (const { reject } of asked) reject(error);
  }
}

/* Nobody else's list: by POST, which no cache keeps and no log of addresses has. */
async function askForVisitor({ asked, ...wish }) {
  const body = { placements: [{ ...asked, session_id: readSession(makeId) }] };
  const [{ list, problem }] = (await getJson(`${wish.api}/api/v1/recommendations/`, wish, JSON.stringify(body))).placements;
  return list ?? Promise.reject(describeProblem(problem.status, problem));
}

function addressOfOne({ api, anchors, query }) {
  return `${api}/api/v1/products/${encodeURIComponent(anchors[0])}/similar/?${query}`;
}

function addressOfSeveral(asked) {
  const placements = asked.map(({ wish }) => `placement=${encodeURIComponent(writePlacement(wish))}`);
  return `${asked[0].wish.api}/api/v1/recommendations/?${placements.join("&")}`;
}

/* Of a cart that is too long for an address, what was put in last. */
function writePlacement({ anchors, query }) {
  for (let first = 0; ; first += 1) {
    const sent = new URLSearchParams(query);
    for (const sku of anchors.slice(first)) sent.append("anchors", sku);
    if (first >= anchors.length - 1 || encodeURIComponent(sent).length < LONGEST_ADDRESS - 200) return String(sent);
  }
}

/* No cookies: an answer to nobody in particular is one that anyone may keep. */
export async function getJson(address, { key, language }, body) {
  const headers = { "Accept-Language": language, ...(key && { "X-Api-Key": key }), ...(body && { "Content-Type": "application/json" }) };
  const response = await fetch(address, { headers, body, method: body && "POST", credentials: "omit", signal: AbortSignal.timeout(PATIENCE_MS) });
  // An answer that breaks off has not been read; one that is no JSON has.
  if (response.ok) return response.json().catch((error) => (error.name === "SyntaxError" ? {} : Promise.reject(error)));
  throw describeProblem(response.status, await response.json().catch(() => null));
}

function describeProblem(status, problem) {
  if (!status) return new Error("what answers there is no Kindred server");
  const wrong = problem?.errors?.map(({ field, detail }) => ` ${field}: ${detail}`);
  return new Error(`The shop answered ${status}${problem?.detail ? `: ${problem.detail}` : ""}${wrong ?? ""}`);
}

/* Browsers tell a script neither that an answer was kept from it nor why: it looks like a shop that is down. */
export function explainFailure(error, api) {
  if (error.name === "TimeoutError") return `no answer from ${originOf(api)} within ${PATIENCE_MS / 1000} seconds`;
  if (!isUnread(error) || originOf(api) === location.origin) return String(error.message || error);
  return `no answer from ${originOf(api)} could be read. If the shop is up, allow this page: CORS_ALLOWED_ORIGINS=${location.origin}`;
}

export function isUnread(error) {
  return error instanceof TypeError;
}
