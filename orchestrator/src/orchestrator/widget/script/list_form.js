// The form for a key and a list: the key is tried at Unisender before a list can be chosen.
const NEW_LIST = 'new';

class ListForm {
  /** `connection` is the one to change, null for the first; `saved` is called with what the service answers. */
  constructor({ service, words, connection, saved, cancelled }) {
    Object.assign(this, { service, words, connection, saved, cancelled });
    this.key = draw('input', 'input', [], {
      type: 'password',
      autocomplete: 'off',
      spellcheck: 'false',
      placeholder: connection ? words.say('key_kept', { key: connection.api_key }) : '',
      oninput: () => this.forgetLists(),
    });
    this.check = button('button_plain', words.say('check_key'), () => this.checkKey());
    this.lists = draw('div', 'chosen');
    this.told = draw('div', 'told', [], { 'aria-live': 'polite' });
    this.drawn = draw('form', 'form', [
      labelled(words.say('key'), this.key, words.say('key_hint')),
      this.check,
      this.lists,
      this.told,
    ], { onsubmit: (event) => this.submit(event), novalidate: true });
  }

  submit(event) {
    event.preventDefault();
    if (this.select) {
      this.save();
    } else {
      this.checkKey();
    }
  }

  forgetLists() {
    this.select = null;
    this.lists.replaceChildren();
    this.told.replaceChildren();
  }

  typedKey() {
    const typed = this.key.value.trim();
    return typed ? { api_key: typed } : {};
  }

  checkKey() {
    const order = this.typedKey();
    if (!order.api_key && this.connection) {
      order.connection_id = this.connection.id;
    }
    if (!Object.keys(order).length) {
      this.key.focus();
      return;
    }
    this.forgetLists();
    this.told.replaceChildren(this.words.say('checking'));
    pressed(this.check, this.service.ask('POST', '/lists', order))
      .then((answer) => this.offer(answer.lists))
      .catch((error) => this.refuse(error));
  }

  offer(lists) {
    const { words } = this;
    const present = this.connection && this.connection.list_id;
    const options = lists.map((one) => draw('option', '', one.title, {
      value: one.id,
      selected: one.id === present,
    }));
    options.push(draw('option', '', words.say('new_list'), { value: NEW_LIST, selected: !present }));
    this.select = draw('select', 'input', options, { onchange: () => this.showTitle() });
    this.title = draw('input', 'input', [], { type: 'text', maxlength: '255', value: words.say('usual_title') });
    this.titleLabel = labelled(words.say('list_title'), this.title);
    this.agreed = draw('input', 'tick', [], {
      type: 'checkbox',
      checked: Boolean(this.connection),
      onchange: () => this.told.replaceChildren(),
    });
    this.saving = button('button_main', words.say(this.connection ? 'save' : 'save_first'), () => this.save());
    const cancel = this.connection && button('button_plain', words.say('cancel'), () => this.cancelled());
    this.told.replaceChildren(notice('good', words.say('key_works')));
    this.lists.replaceChildren(
      labelled(words.say('list'), this.select),
      this.titleLabel,
      draw('label', 'agreement', [this.agreed, words.say('agree', { host: this.service.host })]),
      draw('div', 'buttons', [this.saving, cancel]),
    );
    this.showTitle();
    this.select.focus();
  }

  showTitle() {
    this.titleLabel.hidden = this.select.value !== NEW_LIST;
  }

  save() {
    const order = this.typedKey();
    if (!this.agreed.checked) {
      this.told.replaceChildren(notice('bad', this.words.say('agree_first')));
      this.agreed.focus();
      return;
    }
    if (this.select.value === NEW_LIST) {
      order.list_title = this.title.value.trim();
    } else {
      order.list_id = Number(this.select.value);
    }
    const asked = this.connection
      ? this.service.ask('PUT', `/connections/${this.connection.id}`, order)
      : this.service.ask('POST', '/connections', order);
    pressed(this.saving, asked).then((answer) => this.saved(answer)).catch((error) => this.refuse(error));
  }

  refuse(error) {
    this.told.replaceChildren(notice('bad', this.words.problem(error, this.service)));
  }
}
