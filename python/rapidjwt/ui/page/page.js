// The page asks rapidjwt, which runs in Python behind it, and shows the answers as text.

const $ = (id) => document.getElementById(id);

async function ask(action, request) {
  const headers = { "Content-Type": "application/json" };
  try {
    const response = await fetch(action, { method: "POST", headers, body: JSON.stringify(request) });
    if (response.ok) return await response.json();
    return { problem: response.status === 413 ? "That is too long." : "rapidjwt refused the request." };
  } catch {
    return { problem: "rapidjwt does not answer: it may have ended. Start rapidjwt ui again." };
  }
}

function element(tag, text = "", className = "") {
  const made = document.createElement(tag);
  made.textContent = text;
  made.className = className;
  return made;
}

function status(id, text, kind = "") {
  $(id).textContent = text;
  $(id).className = `status ${kind}`;
}

// JSON with its names, strings and numbers in colours.
function coloured(json) {
  const pre = element("pre");
  const pieces = /("(?:[^"\\]|\\.)*")(\s*:)?|(-?\d[\d.eE+-]*|true|false|null)/g;
  let end = 0;
  for (const piece of json.matchAll(pieces)) {
    pre.append(json.slice(end, piece.index));
    const [whole, string, colon, number] = piece;
    pre.append(element("span", string ?? number, number ? "number" : colon ? "name" : "string"), colon ?? "");
    end = piece.index + whole.length;
  }
  pre.append(json.slice(end));
  return pre;
}

// --- read ---

let asked = 0; // answers that come late are for a text that is no longer there
let editable = null;

async function read() {
  const text = $("token").value;
  const number = ++asked;
  if (!text.trim()) {
    editable = null;
    $("reading").hidden = true;
    $("parts").replaceChildren();
    status("read-status", "Paste a token to read it. That verifies nothing.");
    return;
  }
  const found = await ask("inspect", { text });
  if (number !== asked) return;
  $("reading").hidden = Boolean(found.problem);
  if (found.problem) {
    status("read-status", found.problem, "bad");
    return;
  }
  editable = found.editable;
  const others = found.others ? ` ${found.others + 1} tokens are in the text: this is the first.` : "";
  status("read-status", `Nothing was verified: anyone can write such a token.${others}`, "warn");
  showParts(found.token);
  $("json").replaceChildren(...found.parts.map(part));
  showTimes(found.moments, found.now);
  showFindings(found.findings);
  showProfile(found.profile, found.profiles);
}

function showParts(token) {
  const parts = token.startsWith("{") ? [] : token.split("~")[0].split(".");
  const spans = parts.flatMap((text, at) => [at ? "." : "", element("span", text, `part-${at}`)]);
  $("parts").replaceChildren(...spans);
}

function part({ title, json }, at) {
  const card = element("section", "", "card");
  card.append(element("h2", title, `title-${at}`), coloured(json));
  return card;
}

function showTimes(moments, now) {
  $("times-card").hidden = !moments.length;
  $("times").replaceChildren(...moments.flatMap(({ name, words, local, utc }) => {
    const described = element("dd", words);
    described.append(element("span", local.endsWith("+00:00") ? utc : `${local} (${utc})`, "quiet"));
    return [element("dt", name), described];
  }));
  const marks = [...moments.map(({ name, at }) => ({ name, at })), { name: "now", at: now }];
  marks.sort((one, other) => one.at - other.at);
  const [first, last] = [marks[0].at, marks.at(-1).at];
  const place = (at) => (last > first ? (100 * (at - first)) / (last - first) : 50);
  $("timeline").replaceChildren(element("div", "", "bar"), ...valid(marks, place), ...labels(marks, place));
}

function valid(marks, place) {
  const at = (name) => marks.find((mark) => mark.name === name)?.at;
  const end = at("exp");
  const begin = at("nbf") ?? at("iat");
  if (end === undefined || begin === undefined || end < begin) return [];
  const bar = element("div", "", "valid");
  bar.style.left = `${place(begin)}%`;
  bar.style.right = `${100 - place(end)}%`;
  return [bar];
}

// Times at nearly the same place share a label; "now" is below the line, the claims are above it.
function labels(marks, place) {
  const groups = [];
  for (const { name, at } of marks) {
    const now = name === "now";
    const near = groups.find((group) => group.now === now && place(at) - group.place < 12);
    if (near) near.names.push(name);
    else groups.push({ names: [name], place: place(at), now });
  }
  return groups.map((group) => {
    const mark = element("div", "", group.now ? "mark now below" : "mark above");
    mark.style.left = `${group.place}%`;
    mark.append(element("span", group.names.join(", ")));
    return mark;
  });
}

function showFindings(findings) {
  const items = findings.map(({ level, part: where, message }) => {
    const item = element("li", "", level);
    item.append(element("b", level), ` in the ${where}: ${message}`);
    return item;
  });
  $("findings").replaceChildren(...(items.length ? items : [element("li", "Nothing was found.")]));
}

const lackItems = (lacks) => lacks.map((lack) => element("li", lack));

function showProfile(profile, profiles) {
  const fit = profile && (profile.lacks.length ? "It lacks:" : "It has everything that this profile demands.");
  $("profile").textContent = profile ? `It seems to be for ${profile.profile}. ${fit}` : "It is like none of the profiles.";
  $("lacks").replaceChildren(...lackItems(profile ? profile.lacks : []));
  $("profiles").hidden = !Object.keys(profiles).length;
  $("every-profile").replaceChildren(...Object.entries(profiles).flatMap(([name, lacks]) => {
    const described = element("dd", lacks.length ? "" : "It fits.");
    if (lacks.length) described.append(element("ul"));
    described.querySelector("ul")?.append(...lackItems(lacks));
    return [element("dt", name), described];
  }));
}

// --- verify, sign, compare ---

const fieldsOf = (form) => Object.fromEntries(new FormData(form));

async function verify(event) {
  event.preventDefault();
  const text = $("token").value;
  if (!text.trim()) {
    status("verify-status", "Paste a token above first.", "bad");
    return;
  }
  status("verify-status", "Verifying ...");
  const found = await ask("verify", { ...fieldsOf($("verify-form")), text });
  if (found.problem) status("verify-status", found.problem, "bad");
  else if (found.verified) status("verify-status", "Verified: the signature and the claims are valid.", "good");
  else status("verify-status", `Not verified: ${found.message} (${found.error})`, "bad");
}

function chooseKeys() {
  const fromIssuer = fieldsOf($("verify-form")).from === "issuer";
  $("verify-key-field").hidden = fromIssuer;
  $("verify-issuer-hint").hidden = !fromIssuer;
}

async function sign(event) {
  event.preventDefault();
  const found = await ask("sign", fieldsOf($("sign-form")));
  $("signed-card").hidden = Boolean(found.problem);
  $("signed").value = found.token ?? "";
  status("sign-status", found.problem ?? "Signed.", found.problem ? "bad" : "good");
}

async function generate() {
  const found = await ask("generate", fieldsOf($("sign-form")));
  if (found.key) $("sign-key").value = found.key;
  status("sign-status", found.problem ?? "Made a key for development.", found.problem ? "bad" : "");
}

function take() {
  if (editable) {
    $("sign-header").value = editable.header;
    $("sign-claims").value = editable.claims;
  }
  status("sign-status", editable ? "Took its header and claims." : "There is no token above.", editable ? "" : "bad");
}

async function copy() {
  await navigator.clipboard.writeText($("signed").value);
  status("sign-status", "Copied.", "good");
}

function use() {
  $("token").value = $("signed").value;
  read();
  select($("tab-read"));
}

async function compare() {
  const [text, other] = [$("token").value, $("other").value];
  const both = text.trim() && other.trim();
  const found = both ? await ask("compare", { text, other }) : { problem: "Paste a token above, and another one here." };
  $("compare-card").hidden = Boolean(found.problem);
  if (found.problem) {
    status("compare-status", found.problem, both ? "bad" : "");
    return;
  }
  const count = found.rows.filter(({ one, other: two }) => one !== two).length;
  status("compare-status", found.identical ? "The tokens are identical." : differing(count, found.rows.length));
  $("differences").replaceChildren(...found.rows.map(difference));
}

function differing(count, all) {
  return count ? `${count} of ${all} members differ.` : "All members are the same, but not the signatures.";
}

function difference({ part: where, name, one, other }) {
  const row = element("tr", "", one === other ? "" : "differs");
  const head = element("th", name);
  head.scope = "row";
  head.append(element("span", one === other ? where : `${where}, differs`));
  row.append(head, ...[one, other].map((value) => element("td", value ?? "(absent)", "mono")));
  return row;
}

// --- tabs: arrows move between them, as in the ARIA Authoring Practices ---

const tabs = [...document.querySelectorAll("[role=tab]")];

function select(chosen) {
  for (const tab of tabs) {
    const selected = tab === chosen;
    tab.ariaSelected = String(selected);
    tab.tabIndex = selected ? 0 : -1;
    $(tab.getAttribute("aria-controls")).hidden = !selected;
  }
  chosen.focus();
  if (chosen.id === "tab-compare") compare();
}

function move(event) {
  const at = tabs.indexOf(event.target);
  const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: -1 }[event.key];
  if (to === undefined) return;
  event.preventDefault();
  select(tabs.at(to % tabs.length));
}

function later(action) {
  let timer;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(action, 200);
  };
}

for (const tab of tabs) {
  tab.addEventListener("click", () => select(tab));
  tab.addEventListener("keydown", move);
}
$("token").addEventListener("input", later(read));
$("token").addEventListener("input", () => status("verify-status", ""));
$("other").addEventListener("input", later(compare));
$("verify-form").addEventListener("submit", verify);
$("verify-form").addEventListener("change", chooseKeys);
$("sign-form").addEventListener("submit", sign);
$("generate").addEventListener("click", generate);
$("take").addEventListener("click", take);
$("copy").addEventListener("click", copy);
$("use").addEventListener("click", use);

const choices = await ask("choices", {});
const options = (names) => names.map((name) => new Option(name));
$("verify-algorithm").append(...options(choices.algorithms ?? []));
$("sign-algorithm").append(...options(choices.algorithms ?? []));
$("verify-profile").append(...options(choices.profiles ?? []));
