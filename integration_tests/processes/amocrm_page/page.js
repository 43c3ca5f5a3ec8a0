// Plays amoCRM's page around a widget: its AMD loader with jQuery, the methods a widget inherits, and the order of
// callbacks. `?area=settings|advanced_settings|ccard&language=ru&status=installed&contact=1` says what is open.
const asked = new URLSearchParams(location.search);
const AREA = asked.get('area');
const CODE = 'amo_unisender_played';

window.APP = { data: { current_card: { id: Number(asked.get('contact') || 0) } } };
window.played = { status: asked.get('status') || 'installed', tokens: 0 };

requirejs.config({ baseUrl: '/', paths: { jquery: '/lib/jquery' } });

// RequireJS takes no async function for a callback.
require(['jquery', '/widget/script.js'], ($, CustomWidget) => { play($, CustomWidget); });

async function play($, CustomWidget) {
  const manifest = await (await fetch('/widget/manifest.json')).json();
  const texts = await (await fetch(`/widget/i18n/${asked.get('language') || 'ru'}.json`)).json();

  const inherited = {
    params: { path: '/widget', widget_code: CODE },
    langs: texts,
    i18n: (key) => texts[key],
    system: () => ({ area: AREA, amouser_id: 10200301, amouser: 'admin@example.com' }),
    get_settings: () => ({ widget_code: CODE }),
    get_version: () => manifest.widget.version,
    get_install_status: () => window.played.status,
    render_template: ({ caption, body, render }) => {
      const $column = $('<div class="column">').appendTo('body');
      $('<div class="column__caption">').addClass(caption.class_name)
        .html(caption.html || '<img src="/widget/images/logo_medium.png" alt="">').appendTo($column);
      $('<div class="column__body">').html(body + render).appendTo($column);
    },
    // Every call gets a token of its own, as amoCRM gives them.
    $authorizedAjax: (call) => {
      const done = $.Deferred();
      $.post('/token').then(({ token }) => {
        window.played.tokens += 1;
        $.ajax({ ...call, headers: { 'X-Auth-Token': token } }).then(done.resolve, done.reject);
      }, done.reject);
      return done.promise();
    },
  };
  const widget = Object.assign(Object.create(inherited), {});
  CustomWidget.call(widget);

  window.played.destroy = () => widget.callbacks.destroy();
  window.played.uninstall = () => {
    widget.callbacks.onSave();
    window.played.status = 'install';
    widget.callbacks.destroy();
  };

  if (widget.callbacks.render() !== true) {
    return;
  }
  widget.callbacks.bind_actions();
  widget.callbacks.init();
  if (AREA === 'settings') {
    const $modal = $('<div class="modal"><h2></h2><div class="widget_settings_block__fields"></div></div>');
    $modal.find('h2').text(texts.widget.name);
    $modal.appendTo('body');
    widget.callbacks.settings($modal, {});
  }
  if (AREA === 'advanced_settings') {
    $('<div class="page" id="list_page_holder">').appendTo('body');
    widget.callbacks.advancedSettings();
  }
  document.title = 'ready';
}
