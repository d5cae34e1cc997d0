"""Tables and figures of the paper, made again. In the repository only; nothing that is installed needs it."""
