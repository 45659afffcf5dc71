"""What buyers of a shop ask: what stands in for what runs out, what goes with what, and what is missing."""
