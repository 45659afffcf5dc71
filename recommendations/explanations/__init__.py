"""Why two products are similar: shares of text and picture, what they have in common, and where an encoder looks."""
