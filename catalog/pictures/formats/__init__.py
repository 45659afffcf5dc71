"""How the four formats are built: what decoding would cost, and what of a file is no part of the picture."""
