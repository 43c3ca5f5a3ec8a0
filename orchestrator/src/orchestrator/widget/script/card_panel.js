// A contact's card: in which lists the contact is, and why it is not in the others.
const WAIT_MS = 1500;
const MOST_LOOKS = 20;

class CardPanel {
  constructor({ service, words, holder, contactId }) {
    Object.assign(this, { service, words, contactId });
    this.lists = draw('div', 'lists');
    this.told = draw('div', 'told', [], { 'aria-live': 'polite' });
    this.now = button('button_main', words.say('sync_now'), () => this.synchronise());
    this.now.hidden = true;
    this.drawn = draw('div', 'card', [this.lists, this.now, this.told]);
    this.drawn.classList.add(BLOCK);
    holder.replaceChildren(this.drawn);
    if (contactId) {
      this.load();
    } else {
      this.lists.replaceChildren(draw('p', 'hint', words.say('card_new')));
    }
  }

  load() {
    this.lists.replaceChildren(draw('p', 'hint', this.words.say('loading')));
    this.service.ask('GET', `/contacts/${this.contactId}`)
      .then((answer) => this.show(answer))
      .catch((error) => this.refuse(error));
  }

  show(answer) {
    const { words } = this;
    this.now.hidden = !answer.lists.length;
    this.lists.replaceChildren(...(answer.lists.length
      ? answer.lists.map((one) => this.place(one))
      : [draw('p', 'hint', words.say('card_no_list'))]));
  }

  place(one) {
    const { words } = this;
    const steps = one.steps.map((step) => draw('li', `step step_${step.outcome}`, [
      draw('span', 'mark', '', { role: 'img', 'aria-label': words.say(`step_${step.outcome}`) }), step.text,
    ]));
    const why = one.in_list || one.reason ? one.why : words.say('card_unknown');
    return draw('div', 'place', [
      draw('p', 'status', [
        draw('span', `sign sign_${one.in_list ? 'good' : 'off'}`, '', { 'aria-hidden': 'true' }),
        draw('b', '', words.say(one.in_list ? 'card_in' : 'card_out', { list: one.list_title })),
      ]),
      why && draw('p', 'why', why),
      draw('details', 'details', [draw('summary', 'summary', words.say('card_steps')), draw('ol', 'steps', steps)]),
    ]);
  }

  synchronise() {
    this.told.replaceChildren(this.words.say('on_its_way'));
    this.now.disabled = true;
    this.service.ask('POST', `/contacts/${this.contactId}/sync`)
      .then(() => this.settle(MOST_LOOKS))
      .catch((error) => this.refuse(error));
  }

  /** Looks until nothing of the lists is under way any more, or patience ends. */
  settle(looks) {
    this.timer = setTimeout(() => {
      this.service.ask('GET', `/contacts/${this.contactId}`)
        .then((answer) => {
          if (this.left) {
            return;
          }
          if (answer.lists.some((one) => one.pending) && looks > 1) {
            this.settle(looks - 1);
            return;
          }
          this.show(answer);
          this.end(this.words.say(looks > 1 ? 'looked_again' : 'still_on_its_way'));
        })
        .catch((error) => this.refuse(error));
    }, WAIT_MS);
  }

  end(text) {
    this.now.disabled = false;
    this.told.replaceChildren(text);
  }

  refuse(error) {
    this.now.disabled = false;
    this.lists.querySelectorAll('p').forEach((one) => one.textContent === this.words.say('loading') && one.remove());
    this.told.replaceChildren(notice('bad', this.words.problem(error, this.service)));
  }

  leave() {
    this.left = true;
    clearTimeout(this.timer);
  }
}
