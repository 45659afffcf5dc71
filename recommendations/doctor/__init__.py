"""The doctor's checks that hold a product up to its neighbours in the live space, and what mends what they find."""
