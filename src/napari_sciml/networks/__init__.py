"""The networks of the paper as torch modules, their dense forms, and the models that ship with weights."""
