"""A thousand accounts of a hundred thousand contacts: unit costs, a simulation by the service's own rules, a page."""
