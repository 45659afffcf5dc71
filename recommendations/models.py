"""What staff decide about recommendations."""
