"""Predict the culture of a painting from the open data of the Metropolitan Museum of Art."""
