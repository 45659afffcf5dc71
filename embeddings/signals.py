"""The one signal of the project: a product or a picture was saved or deleted."""
