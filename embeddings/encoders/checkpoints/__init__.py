"""`hf:` and `dir:` encoders: checkpoints in the Hugging Face layout, for texts, pictures or both."""
