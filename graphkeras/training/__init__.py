"""compile, fit, evaluate, predict."""
