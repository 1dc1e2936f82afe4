"""How much of Keras's API is there and works, by making sample calls on every target."""
