"""`packaged:` encoders: their weights come in pip packages, so nothing is downloaded at run time."""
