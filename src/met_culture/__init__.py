"""Predict which culture a painting comes from, with open data of the Metropolitan Museum of Art."""
