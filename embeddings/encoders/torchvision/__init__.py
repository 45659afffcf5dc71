"""`torchvision:` picture encoders, and what of torchvision other encoders use too."""
