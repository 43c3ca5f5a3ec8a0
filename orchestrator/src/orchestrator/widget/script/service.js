// Calls of the service. amoCRM adds a one-time token to each, so a call is never repeated as it was.
const TIMEOUT_MS = 30000;
const NO_ANSWER = 'no_answer';

class Service {
  constructor(widget) {
    this.widget = widget;
  }

  get account() {
    return window.location.host;
  }

  get host() {
    return new URL(SERVICE).host;
  }

  /** The answer, or a rejection with {code, detail}. */
  ask(method, path, order) {
    const address = new URL(`${SERVICE}/widget/v1/${this.account}${path}`);
    address.searchParams.set('language', this.widget.i18n('ui').language);
    const call = { url: address.href, method, dataType: 'json', timeout: TIMEOUT_MS };
    if (order !== undefined) {
      call.data = JSON.stringify(order);
      call.contentType = 'application/json';
    }
    return new Promise((resolve, reject) => {
      this.widget.$authorizedAjax(call).done(resolve).fail((answer) => {
        const problem = (answer && answer.responseJSON) || {};
        reject({ code: problem.code || NO_ANSWER, detail: problem.detail || '' });
      });
    });
  }
}
