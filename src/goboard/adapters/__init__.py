"""The ports' implementations, one package a technology; independent of each other."""
