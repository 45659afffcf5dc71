"""The words of this catalogue and what they mean: learned in the worker, looked up by searches."""
