"""How many of each product will be bought in the coming weeks; of new ones, from what their neighbours sell."""
