"""Training: what `compile()` was told, the pure step, the compiled epoch, the loop around it."""
