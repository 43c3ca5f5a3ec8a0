// Who is not in a list and why, a page at a time, asked for when it is opened.
class UnsyncedList {
  constructor({ service, words, connection }) {
    Object.assign(this, { service, words, connection });
    this.summary = draw('summary', 'summary');
    this.rows = draw('ul', 'people');
    this.more = button('button_plain', words.say('more'), () => this.load());
    this.more.hidden = true;
    this.told = draw('div', 'told', [], { 'aria-live': 'polite' });
    this.drawn = draw('details', 'details', [this.summary, this.rows, this.told, this.more], {
      ontoggle: () => this.drawn.open && this.begin(),
    });
  }

  count(number) {
    this.drawn.hidden = !number;
    this.summary.replaceChildren(this.words.say('unsynced_title', { count: this.words.number(number) }));
  }

  begin() {
    this.cursor = null;
    this.rows.replaceChildren();
    this.load();
  }

  load() {
    const place = this.cursor ? `?cursor=${encodeURIComponent(this.cursor)}` : '';
    pressed(this.more, this.service.ask('GET', `/connections/${this.connection.id}/unsynced${place}`))
      .then((page) => {
        this.told.replaceChildren();
        this.rows.append(...page.contacts.map((one) => this.row(one)));
        this.cursor = page.next_cursor;
        this.more.hidden = !page.next_cursor;
      })
      .catch((error) => this.told.replaceChildren(notice('bad', this.words.problem(error, this.service))));
  }

  row(one) {
    const name = draw('a', 'link', one.name || this.words.say('unnamed'), {
      href: `/${one.stream}/detail/${Number(one.record_id)}`,
      target: '_blank',
      rel: 'noopener',
    });
    return draw('li', 'person', [name, draw('span', 'hint', one.text)]);
  }
}
