"""The control API: routes, answers, errors."""
