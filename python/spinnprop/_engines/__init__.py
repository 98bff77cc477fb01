"""Engines: what networks run on. Chips have packages of their own."""
