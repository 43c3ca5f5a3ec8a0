"""What the service answers over HTTP: webhooks, OAuth redirects, the API, health and figures."""
