// Makes the children of one element like those of another, touching only what differs. Space between elements does not
// count: a region of a page and the same region sent later may differ in it.
export function morph(present, wanted) {
  const now = [...present.childNodes].filter(tells);
  const next = [...wanted.childNodes].filter(tells);
  next.forEach((node, index) => {
    const old = now[index];
    if (!old) present.append(node);
    else if (!alike(old, node)) old.replaceWith(node);
    else if (node.nodeType === Node.ELEMENT_NODE) {
      attributes(old, node);
      morph(old, node);
    } else if (old.nodeValue !== node.nodeValue) old.nodeValue = node.nodeValue;
  });
  for (const extra of now.slice(next.length)) extra.remove();
}

function tells(node) {
  return node.nodeType === Node.ELEMENT_NODE || node.nodeValue.trim() !== "";
}

function alike(one, other) {
  return one.nodeType === other.nodeType && one.nodeName === other.nodeName;
}

function attributes(present, wanted) {
  for (const { name, value } of [...wanted.attributes]) {
    if (present.getAttribute(name) !== value) present.setAttribute(name, value);
  }
  for (const { name } of [...present.attributes]) {
    // `open` and `value` belong to whoever uses the page.
    if (!wanted.hasAttribute(name) && name !== "open") present.removeAttribute(name);
  }
}
