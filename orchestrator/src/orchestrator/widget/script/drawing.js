// How things are drawn: elements with our own class names. Texts become text nodes, never markup.
const BLOCK = 'amo-unisender';

/** `content`: texts and elements; what is empty is left out. Attributes that begin with `on` are listeners. */
function draw(tag, part, content = [], attributes = {}) {
  const drawn = document.createElement(tag);
  if (part) {
    drawn.className = part.split(' ').map((one) => `${BLOCK}__${one}`).join(' ');
  }
  Object.entries(attributes).forEach(([name, value]) => {
    if (name.startsWith('on')) {
      drawn.addEventListener(name.slice(2), value);
    } else if (value !== false) {
      drawn.setAttribute(name, value === true ? '' : value);
    }
  });
  drawn.append(...[].concat(content).filter((one) => one !== '' && one !== null && one !== undefined));
  return drawn;
}

function button(part, text, press) {
  return draw('button', `button ${part}`, text, { type: 'button', onclick: press });
}

let fields = 0;

/** A label, its field below, and what helps to fill it in. */
function labelled(text, field, hint = '') {
  fields += 1;
  const id = `${BLOCK}-field-${fields}`;
  field.setAttribute('id', id);
  if (hint) {
    field.setAttribute('aria-describedby', `${id}-hint`);
  }
  return draw('div', 'label', [
    draw('label', 'caption', text, { for: id }),
    field,
    hint && draw('span', 'hint', hint, { id: `${id}-hint` }),
  ]);
}

function notice(kind, content) {
  return draw('div', `notice notice_${kind}`, content, { role: kind === 'bad' ? 'alert' : 'status' });
}

/** While `work` runs the button cannot be pressed again. */
function pressed(pressedButton, work) {
  pressedButton.disabled = true;
  return work.finally(() => {
    pressedButton.disabled = false;
  });
}
