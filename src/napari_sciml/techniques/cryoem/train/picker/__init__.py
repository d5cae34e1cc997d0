"""Training of the particle picker."""
