"use strict";

// Whatever comes from a message enters the page as text (textContent), never as markup. Its HTML is shown in a
// sandboxed frame, as a document with a policy of its own.

const PAGE = 50;
const REFRESH_MS = 2000;
const byId = (id) => document.getElementById(id);
const state = { limit: PAGE, chosen: null, view: "html", shown: "" };

async function ask(path, options) {
  const response = await fetch(path, options);
  if (!response.ok) throw new Error(`${response.status} ${response.statusText}`);
  return response;
}

function element(name, text, className) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
}

const person = (address) => (address.Name ? `${address.Name} <${address.Address}>` : address.Address);
const people = (addresses) => addresses.map(person).join(", ");

async function refresh() {
  const query = byId("search").value.trim();
  const path = query
    ? `api/v1/search?limit=${state.limit}&query=${encodeURIComponent(query)}`
    : `api/v1/messages?limit=${state.limit}`;
  let text;
  try {
    text = await (await ask(path)).text();
  } catch {
    byId("count").textContent = "(not reachable)";
    state.shown = "";
    return;
  }
  if (text === state.shown) return;
  state.shown = text;
  const list = JSON.parse(text);
  byId("count").textContent = `${list.total} (${list.unread} unread)`;
  byId("empty").hidden = list.messages.length > 0;
  byId("more").hidden = list.messages_count <= state.limit;
  byId("list").replaceChildren(...list.messages.map(row));
  mark();
}

function row(message) {
  const button = element("button", undefined, message.Read ? "" : "unread");
  button.type = "button";
  button.dataset.id = message.ID;
  button.append(
    element("span", people([...message.To, ...message.Cc, ...message.Bcc]), "to"),
    element("span", new Date(message.Created).toLocaleTimeString(), "time"),
    element("span", message.Subject || "(no subject)", "subject"),
    element("span", message.Snippet, "snippet"),
  );
  button.addEventListener("click", () => open(message.ID));
  const item = element("li");
  item.append(button);
  return item;
}

function mark() {
  for (const button of byId("list").querySelectorAll("button")) {
    button.setAttribute("aria-current", String(state.chosen !== null && button.dataset.id === state.chosen.ID));
  }
}

async function open(id) {
  state.chosen = await (await ask(`api/v1/message/${id}`)).json();
  const message = state.chosen;
  byId("subject").textContent = message.Subject || "(no subject)";
  const facts = [
    ["From", message.From ? person(message.From) : message.ReturnPath],
    ["To", people(message.To)],
    ["Cc", people(message.Cc)],
    ["Bcc", people(message.Bcc)],
    ["Date", new Date(message.Date).toLocaleString()],
    ["Attachments", [...message.Attachments, ...message.Inline].map((part) => part.FileName || part.ContentType).join(", ")],
  ];
  const shown = facts.filter(([, value]) => value);
  byId("facts").replaceChildren(...shown.flatMap(([name, value]) => [element("dt", name), element("dd", value)]));
  byId("message").hidden = false;
  if (!message.HTML && state.view === "html") state.view = "text";
  await show(state.view);
  await refresh();
  mark();
}

async function show(view) {
  state.view = view;
  const id = state.chosen.ID;
  for (const tab of document.querySelectorAll("[role=tab]")) {
    tab.setAttribute("aria-selected", String(tab.dataset.view === view));
  }
  let content;
  if (view === "html") {
    content = element("iframe");
    content.title = "The message";
    content.setAttribute("sandbox", "allow-popups allow-popups-to-escape-sandbox");
    content.src = `view/${id}.html`;
  } else if (view === "text") {
    content = element("pre", state.chosen.Text);
  } else if (view === "headers") {
    const headers = await (await ask(`api/v1/message/${id}/headers`)).json();
    const lines = Object.entries(headers).flatMap(([name, values]) => values.map((value) => `${name}: ${value}`));
    content = element("pre", lines.join("\n"));
  } else {
    content = element("pre", await (await ask(`api/v1/message/${id}/raw`)).text());
  }
  byId("view").replaceChildren(content);
}

async function remove(ids) {
  await ask("api/v1/messages", { method: "DELETE", body: JSON.stringify({ IDs: ids }) });
  state.chosen = null;
  byId("message").hidden = true;
  await refresh();
}

for (const tab of document.querySelectorAll("[role=tab]")) {
  tab.addEventListener("click", () => show(tab.dataset.view));
}
byId("delete").addEventListener("click", () => remove([state.chosen.ID]));
byId("clear").addEventListener("click", () => confirm("Delete every message?") && remove([]));
byId("more").addEventListener("click", () => { state.limit += PAGE; refresh(); });
byId("search").addEventListener("input", () => { state.limit = PAGE; refresh(); });
setInterval(refresh, REFRESH_MS);
refresh();
