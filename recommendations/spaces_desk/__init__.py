"""Two spaces side by side: their lists with pictures, figures about both, and a blind test. The door is `services`."""
