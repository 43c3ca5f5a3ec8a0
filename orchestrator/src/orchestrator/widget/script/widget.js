// What amoCRM calls, and when (amoCRM docs: integrations/script_js).
const CARD_AREA = 'ccard';
const INSTALLED = 'installed';

function CustomWidget() {
  const self = this;
  const service = new Service(self);
  const words = new Words(self);
  let page = null;
  let wasInstalled = false;

  function addStyle() {
    const href = `${self.params.path}/style.css?v=${self.get_version()}`;
    if (!$(`link[href="${href}"]`).length) {
      $('<link>', { rel: 'stylesheet', href }).appendTo('head');
    }
  }

  function leave() {
    if (page) {
      page.leave();
    }
    page = null;
  }

  function openSettings($holder) {
    leave();
    addStyle();
    wasInstalled = self.get_install_status() === INSTALLED;
    page = new SettingsPage({ service, words, holder: $holder[0] });
    return true;
  }

  function openCard() {
    const place = `${BLOCK}-card`;
    leave();
    self.render_template({
      caption: { class_name: `${BLOCK}__card-caption`, html: '' },
      body: '',
      render: `<div class="${place}"></div>`,
    });
    const holder = $(`.${place}`)[0];
    if (holder) {
      page = new CardPanel({ service, words, holder, contactId: Number(APP.data.current_card.id) });
    }
  }

  this.callbacks = {
    render() {
      addStyle();
      if (self.system().area === CARD_AREA) {
        openCard();
      }
      return true;
    },
    init() {
      return true;
    },
    bind_actions() {
      return true;
    },
    settings($modalBody) {
      const $fields = $modalBody.find('.widget_settings_block__fields');
      return openSettings($fields.length ? $fields : $modalBody);
    },
    advancedSettings() {
      return openSettings($('#list_page_holder'));
    },
    onSave() {
      return true;
    },
    // Also called when a page is left: only a widget that is installed no more means leaving for good.
    // amoCRM's uninstall hook tells the service the same.
    destroy() {
      const switchedOff = page && wasInstalled && self.get_install_status() !== INSTALLED;
      leave();
      if (switchedOff) {
        wasInstalled = false;
        service.ask('POST', '/unlink', { mode: 'keep', host: service.account }).catch(() => false);
      }
    },
  };
  return this;
}
