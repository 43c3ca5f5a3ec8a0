// The settings page: how the account does, what a person must do, its lists, and leaving.
const LINKED = ['active', 'needs_reauth', 'disabled'];
const SIGNS = { active: 'good', pending: 'waiting', needs_reauth: 'attention', disabled: 'attention' };

class SettingsPage {
  constructor({ service, words, holder }) {
    Object.assign(this, { service, words });
    this.panels = [];
    this.drawn = draw('div', 'page');
    this.drawn.classList.add(BLOCK);
    holder.append(this.drawn);
    this.load();
  }

  load() {
    this.drawn.replaceChildren(draw('p', 'hint', this.words.say('loading')));
    this.service.ask('GET', '/status')
      .then((status) => this.show(status))
      .catch((error) => this.drawn.replaceChildren(
        notice('bad', this.words.problem(error, this.service)),
        button('button_plain', this.words.say('try_again'), () => this.load()),
      ));
  }

  show(status) {
    const { words } = this;
    const sign = SIGNS[status.status] || 'off';
    const linked = LINKED.includes(status.status);
    this.forgetPanels();
    this.drawn.replaceChildren(
      draw('p', 'status', [
        draw('span', `sign sign_${sign}`, '', { 'aria-hidden': 'true' }),
        draw('b', '', status.host),
        draw('span', 'hint', words.status(status.status)),
      ]),
      ...this.consent(status),
      ...status.repairs.map((repair) => this.repair(repair)),
      ...(linked ? this.lists(status) : []),
      ...(linked && status.is_admin ? [new Unlinking({ service: this.service, words }).drawn] : []),
    );
  }

  /** Where access has to be allowed first. */
  consent(status) {
    const { words } = this;
    if (status.status === 'active' || status.status === 'unlinking') {
      return [];
    }
    if (!status.is_admin) {
      return [notice('wait', words.say('ask_admin'))];
    }
    const link = draw('a', 'button button_main', words.say('allow_access'), {
      href: SERVICE + status.consent_path,
      target: '_blank',
      rel: 'noopener',
    });
    const known = LINKED.includes(status.status);
    return [notice('wait', [known ? '' : draw('p', '', words.say('install_first')), link])];
  }

  repair(repair) {
    return notice('wait', [
      draw('b', '', repair.happened), draw('p', '', repair.means), draw('p', '', repair.do),
    ]);
  }

  lists(status) {
    const { service, words } = this;
    if (status.connections.length) {
      this.panels = status.connections.map((connection) => new ConnectionPanel({
        service, words, connection, isAdmin: status.is_admin,
      }));
      return this.panels.map((panel) => panel.drawn);
    }
    if (!status.is_admin) {
      return [notice('wait', words.say('ask_admin'))];
    }
    const form = new ListForm({ service, words, connection: null, saved: () => this.load() });
    return [draw('section', 'panel', [draw('h3', 'title', words.say('first_title')), form.drawn])];
  }

  forgetPanels() {
    this.panels.forEach((panel) => panel.leave());
    this.panels = [];
  }

  leave() {
    this.forgetPanels();
    this.drawn.remove();
  }
}
