// Leaving: what becomes of the people in the list is chosen, and the host typed to confirm.
const MODES = ['keep', 'exclude', 'erase'];

class Unlinking {
  constructor({ service, words }) {
    Object.assign(this, { service, words });
    this.choices = MODES.map((mode) => draw('input', 'tick', [], {
      type: 'radio', name: `${BLOCK}-mode`, value: mode, checked: mode === MODES[0],
    }));
    this.typed = draw('input', 'input', [], {
      type: 'text', autocomplete: 'off', spellcheck: 'false', oninput: () => this.allow(),
    });
    this.leave = button('button_bad', words.say('unlink'), () => this.unlink());
    this.told = draw('div', 'told', [], { 'aria-live': 'polite' });
    this.drawn = draw('details', 'details', [
      draw('summary', 'summary', words.say('unlink_title')),
      draw('p', 'hint', words.say('unlink_what')),
      draw('div', 'choices', this.choices.map((one) => draw('label', 'agreement', [
        one, words.say(`unlink_${one.value}`),
      ]))),
      labelled(words.say('unlink_type', { host: service.account }), this.typed),
      draw('div', 'buttons', this.leave),
      this.told,
    ]);
    this.allow();
  }

  allow() {
    this.leave.disabled = this.typed.value.trim().toLowerCase() !== this.service.account;
  }

  unlink() {
    const mode = this.choices.find((one) => one.checked).value;
    pressed(this.leave, this.service.ask('POST', '/unlink', { mode, host: this.service.account }))
      .then(() => this.told.replaceChildren(notice('good', this.words.say('unlinking'))))
      .catch((error) => this.told.replaceChildren(notice('bad', this.words.problem(error, this.service))));
  }
}
