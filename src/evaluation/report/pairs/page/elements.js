// The document is made of elements and text nodes only: nothing that data says is ever read as markup.
function element(name, attributes = {}, ...children) {
  return filledElement(document.createElement(name), attributes, children);
}

function svg(name, attributes = {}, ...children) {
  return filledElement(document.createElementNS("http://www.w3.org/2000/svg", name), attributes, children);
}

function filledElement(made, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value === true) made.setAttribute(key, "");
    else if (value !== false && value != null) made.setAttribute(key, value);
  }
  made.append(...children.filter((child) => child != null));
  return made;
}

const byId = (id) => document.getElementById(id);

// Text of others, with what does not show, or turns the line around, made to show.
function visible(text) {
  const odd = /[\u0000-\u001f\u007f-\u00a0\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;
  return text.replace(odd, (sign) => `⟨${sign.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}⟩`);
}

const id = (text) => element("bdi", { class: "id" }, visible(text));
