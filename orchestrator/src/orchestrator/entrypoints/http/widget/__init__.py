"""The calls of the widget inside amoCRM, under /widget/v1/{host}; app.py has the table of them."""
