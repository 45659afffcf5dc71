"""What a product has vectors of: one declaration a modality, each in a file of its own, and the registry of them."""
