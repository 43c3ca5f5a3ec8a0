"""amoCRM's account-level webhooks: subscriptions, bodies, deliveries."""
