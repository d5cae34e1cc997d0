"""Which of 84 directions a particle is seen from: data, networks, correlation, figures."""
