// One list of the account: how many people are in it, the button for everybody, and who is not in it.
const LOOK_AGAIN_MS = 2000;
const RESTING_MS = 15000;

class ConnectionPanel {
  constructor({ service, words, connection, isAdmin }) {
    Object.assign(this, { service, words, isAdmin });
    this.figures = draw('div', 'figures');
    this.progress = draw('div', 'progress', [], { 'aria-live': 'polite' });
    this.told = draw('div', 'told', [], { 'aria-live': 'polite' });
    this.title = draw('h3', 'title');
    this.start = button('button_main', words.say('synchronise'), () => this.synchronise());
    this.change = button('button_plain', words.say('change'), () => this.openForm());
    this.form = draw('div', '');
    this.unsynced = new UnsyncedList({ service, words, connection });
    this.drawn = draw('section', 'panel', [
      this.title, this.figures, this.progress, isAdmin && draw('div', 'buttons', [this.start, this.change]),
      this.told, this.form, isAdmin && this.unsynced.drawn,
    ].filter(Boolean));
    this.show(connection);
    this.lookAgain();
  }

  show(connection) {
    const { words } = this;
    const { people, sync } = connection;
    this.connection = connection;
    this.title.replaceChildren(connection.list_title || connection.name);
    this.figures.replaceChildren(...['synced', 'attention', 'opted_out'].map((name) => draw('div', 'figure', [
      draw('b', `number number_${name}`, words.number(people[name])), draw('span', 'hint', words.say(name)),
    ])));
    this.start.hidden = Boolean(sync) || connection.paused;
    this.change.hidden = connection.managed_by === 'yaml';
    this.progress.replaceChildren(...(sync ? this.underWay(sync) : this.atRest(connection)));
    this.unsynced.count(people.unsynced);
  }

  underWay(sync) {
    const { words } = this;
    if (sync.status !== 'running') {
      return [draw('div', 'hint', words.say(sync.status === 'waiting' ? 'waiting' : 'queued'))];
    }
    const share = sync.total ? Math.min(100, Math.floor((100 * sync.read) / sync.total)) : null;
    const facts = [
      share !== null && words.say('share', { share }),
      sync.total
        ? words.say('of_total', { read: words.number(sync.read), total: words.number(sync.total) })
        : words.say('read', { read: words.number(sync.read) }),
      sync.per_second && words.say('rate', { rate: words.number(sync.per_second) }),
      sync.seconds_left !== null && words.say('left', { time: words.duration(sync.seconds_left) }),
    ];
    const told = draw('div', 'hint', facts.filter(Boolean).join(' · '));
    return share === null ? [told] : [draw('progress', 'bar', [], { value: share, max: 100, 'aria-hidden': 'true' }), told];
  }

  atRest(connection) {
    const { words } = this;
    const lines = [
      connection.managed_by === 'yaml' && words.say('in_file'),
      connection.paused && words.say('paused'),
      connection.failed && words.say('last_failed'),
      connection.last_done_at && words.say('last_done', { time: words.moment(connection.last_done_at) }),
      connection.pending_changes > 0
        && words.say('changes_waiting', { count: words.number(connection.pending_changes) }),
    ];
    return lines.filter(Boolean).map((line) => draw('div', 'hint', line));
  }

  synchronise() {
    this.told.replaceChildren();
    pressed(this.start, this.service.ask('POST', `/connections/${this.connection.id}/sync`))
      .then((connection) => {
        this.show(connection);
        this.lookAgain();
      })
      .catch((error) => this.refuse(error));
  }

  openForm() {
    const close = () => {
      this.form.replaceChildren();
      this.change.disabled = false;
    };
    const form = new ListForm({
      service: this.service,
      words: this.words,
      connection: this.connection,
      cancelled: close,
      saved: (connection) => {
        close();
        this.show(connection);
        this.lookAgain();
      },
    });
    this.change.disabled = true;
    this.form.replaceChildren(form.drawn);
    form.key.focus();
  }

  /** Goes on until the page is left; slower while nothing is under way. */
  lookAgain() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.service.ask('GET', `/connections/${this.connection.id}`)
        .then((connection) => {
          this.show(connection);
          this.told.replaceChildren();
        })
        .catch((error) => this.refuse(error))
        .finally(() => !this.left && this.lookAgain());
    }, this.connection.sync ? LOOK_AGAIN_MS : RESTING_MS);
  }

  refuse(error) {
    this.told.replaceChildren(notice('bad', this.words.problem(error, this.service)));
  }

  leave() {
    this.left = true;
    clearTimeout(this.timer);
  }
}
