"""The adversarial cycle, the loop around it, and checkpoints."""
