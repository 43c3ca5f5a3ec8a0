// Texts in the user's language, with numbers and times as that language writes them.
class Words {
  constructor(widget) {
    this.widget = widget;
  }

  get language() {
    return this.widget.i18n('ui').language;
  }

  say(key, facts = {}) {
    return this.filled(this.widget.i18n('ui')[key], facts);
  }

  status(code) {
    return this.widget.i18n('statuses')[code || 'not_linked'];
  }

  problem(error, service) {
    const texts = this.widget.i18n('errors');
    return this.filled(texts[error.code] || texts.other, { ...error, host: service.host });
  }

  filled(template, facts) {
    return template.replace(/\{(\w+)\}/g, (hole, name) => (name in facts ? String(facts[name]) : hole));
  }

  number(value) {
    return Math.round(value).toLocaleString(this.language);
  }

  moment(text) {
    return new Date(text).toLocaleString(this.language, { dateStyle: 'medium', timeStyle: 'short' });
  }

  duration(total) {
    const all = Math.round(total);
    const [hours, minutes, seconds] = [Math.floor(all / 3600), Math.floor(all / 60) % 60, all % 60];
    if (hours) {
      return this.say('hours', { hours, minutes });
    }
    return minutes ? this.say('minutes', { minutes, seconds }) : this.say('seconds', { seconds });
  }
}
